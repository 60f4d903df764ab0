// What a verification found: does the remote hold what the state says?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/report.h"

namespace outhaul {

struct VerifyFinding {
  enum class Kind : std::uint8_t {
    missing,            ///< a stored file isn't there
    size_differs,       ///< it has another size
    content_differs,    ///< it was read back twice, and its SHA-256 is another one
    directory_missing,  ///< a directory isn't there; what should lie in it is counted as missing, not listed
    unproven,           ///< nobody can tell: no size, no listing, no answer. Nothing follows from it
    foreign,            ///< on the remote, and unknown to the state. Nothing is wrong with that by itself
  };
  Kind kind{};
  std::string job;       ///< empty: of none of the profile's jobs
  RemotePath path;       ///< below the remote's base directory
  bool version = false;  ///< missing and the like: an older version, or what "on_removal": "keep" has left
  std::string message;   ///< what was seen
};

struct VerifyCounts {
  std::uint64_t directories = 0;           ///< that were listed
  std::uint64_t objects = 0, bytes = 0;    ///< that should be there, versions included
  std::uint64_t listed = 0;                ///< proven by their size in a listing
  std::uint64_t asked = 0;                 ///< proven by their size, each asked for
  std::uint64_t read = 0, read_bytes = 0;  ///< of `listed` and `asked`: read back too, and right
  std::uint64_t unhashed = 0;              ///< of `read`: no SHA-256 is known of them, their length is right
  std::uint64_t missing = 0, size_differs = 0, content_differs = 0, directories_missing = 0, unproven = 0,
                foreign = 0;
  std::uint64_t untrusted = 0;                   ///< listings from whose gaps nothing was concluded
  std::uint64_t to_read = 0, to_read_bytes = 0;  ///< that were to be read back this time
  std::uint64_t catalog = 0;                     ///< files of the catalog, which none of the others count
  std::uint64_t catalog_wrong = 0;               ///< of them: not there as they should be, or nobody can tell
  std::uint64_t versions_lost = 0;               ///< of wrong(): versions, which no later run can bring back
  std::uint64_t wrong() const noexcept { return missing + size_differs + content_differs; }
  friend bool operator==(const VerifyCounts&, const VerifyCounts&) = default;
};

struct VerifyReport {
  std::string profile, remote;
  std::int64_t started_ns = 0, finished_ns = 0;
  VerifyCounts counts;
  std::vector<VerifyFinding> findings;  ///< at most kMaxFindings
  std::uint64_t finding_count = 0;
  /// What was found wrong is recorded: live files are sent again by the next run, versions are given up.
  std::uint64_t recorded = 0;
  RunId run = kNoRun;           ///< in which that was recorded
  bool renews_catalog = false;  ///< the next run mends what is wrong with it
  /// More is wrong than may be recorded unasked: identifies exactly this, for --approve. Empty otherwise.
  std::string approval;
  std::vector<GuardRefusal> refusals;
  ExitCode outcome = ExitCode::done;
  std::string message, advice;  ///< why it ended early; empty otherwise
  static constexpr std::size_t kMaxFindings = 1000;
};

std::string_view to_string(VerifyFinding::Kind) noexcept;  ///< "missing", "size_differs", …

}  // namespace outhaul
