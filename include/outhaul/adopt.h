// Taking over a remote tree that others made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "outhaul/report.h"

namespace outhaul {

/// What makes a file on the remote count as the one in the source. Sizes must be equal always.
enum class AdoptCompare : std::uint8_t {
  size,
  mtime,  ///< size and modification time, as exactly as the listing tells it (default)
  hash,   ///< the server's own digest equals ours
  read,   ///< it is fetched and its SHA-256 compared
};
std::string_view to_string(AdoptCompare) noexcept;  ///< "size", "mtime", "hash", "read"

struct AdoptFinding {
  enum class Kind : std::uint8_t {
    differs,  ///< the remote has something else under the name: the next run sends the file
    foreign,  ///< the remote has it, the source doesn't: left alone, unless the job's "foreign" is "delete"
  };
  Kind kind{};
  RemotePath path;
  std::string message;
};
std::string_view to_string(AdoptFinding::Kind) noexcept;

struct JobAdoption {
  std::string job, source, target;
  std::uint64_t files = 0, bytes = 0;  ///< taken over
  std::uint64_t directories = 0;       ///< taken over
  std::uint64_t missing = 0;  ///< files of the source that the remote hasn't got: the next run sends them
  std::uint64_t differing = 0, foreign = 0;
  std::uint64_t deleted = 0;           ///< foreign files
  std::vector<GuardRefusal> refusals;  ///< why foreign files that should be deleted were not
  std::vector<Problem> problems;       ///< likewise: doubts, and what the server refused
  std::vector<AdoptFinding> findings;  ///< at most kMaxFindings
  static constexpr std::size_t kMaxFindings = 1000;
};

struct AdoptReport {
  std::string profile, remote;
  bool dry_run = false;
  AdoptCompare compare = AdoptCompare::mtime;
  RunId run = kNoRun;
  std::int64_t started_ns = 0, finished_ns = 0;
  std::vector<JobAdoption> jobs;
  std::string taken_over_from;  ///< whose the remote was until now, in words; empty: nobody's else
  ExitCode outcome = ExitCode::done;
  std::string message, advice;  ///< why it ended early; empty otherwise
};

}  // namespace outhaul
