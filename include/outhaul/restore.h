// Facts about restores that terminal, JSON and log learn alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/report.h"

namespace outhaul {

/// What becomes of a thing that stands where another is to be restored, and differs from it.
enum class Overwrite : std::uint8_t {
  never,    ///< it is left, and reported
  changed,  ///< it is replaced
  always,   ///< it is replaced, and so is what may be equal: nothing local is looked at
};
std::string_view to_string(Overwrite) noexcept;  ///< "never", …

/// What a restore sets out to do.
struct RestorePlanned {
  std::uint64_t fetch_files = 0, fetch_bytes = 0;      ///< from the remote
  std::uint64_t compare_files = 0, compare_bytes = 0;  ///< of the same size here: fetched only if they differ
  std::uint64_t empty_files = 0, links = 0, symlinks = 0, make_dirs = 0;
  std::uint64_t equal = 0;     ///< directories and symlinks that are there already
  std::uint64_t replaces = 0;  ///< of all these: takes the place of something else
  std::uint64_t in_the_way = 0,
                unavailable = 0;  ///< can't be restored: something is in the way; its object is gone
};
void add_to(RestorePlanned& sum, const RestorePlanned& more) noexcept;

/// What it did.
struct RestoreDone {
  std::uint64_t files_fetched = 0, bytes_fetched = 0;  ///< whole and in their places
  std::uint64_t bytes_received = 0;                    ///< over the line, with what was received again
  std::uint64_t resumed_bytes = 0;                     ///< lay here from an attempt before
  std::uint64_t files_equal = 0, bytes_equal = 0;      ///< were here already, byte for byte
  std::uint64_t empty_files = 0, links = 0, symlinks = 0, dirs_made = 0;
  std::uint64_t metadata = 0;  ///< had the right content, and got the right mode, owner, times
  std::uint64_t retries = 0;
};
void add_to(RestoreDone& sum, const RestoreDone& more) noexcept;

struct RestoreJobReport {
  std::string job, source;
  std::string into;                 ///< the directory here
  RunId run = kNoRun;               ///< whose tree it is; none: the newest state of things
  std::int64_t run_started_ns = 0;  ///< 0 without a run
  RestorePlanned planned;
  RestoreDone done;
  Left left;                      ///< still to be fetched when it ended early
  std::vector<Problem> problems;  ///< at most JobReport::kMaxProblems; problem_count has them all
  std::uint64_t problem_count = 0;
  ExitCode outcome = ExitCode::done;
};

struct RestoreReport {
  std::string profile, remote, to, at;
  Overwrite overwrite = Overwrite::never;
  bool dry_run = false;
  std::int64_t started_ns = 0, finished_ns = 0;
  std::vector<RestoreJobReport> jobs;
  ExitCode outcome = ExitCode::done;
  std::string message;  ///< why it ended early; empty otherwise
  std::string advice;
};

}  // namespace outhaul
