// What `outhaul recover` brought back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/report.h"

namespace outhaul {

struct RecoverReport {
  std::string profile, remote, state_dir;
  RunId run = kNoRun;  ///< the state is as after this run
  std::int64_t run_started_ns = 0;
  RunId newest_run = kNoRun;    ///< later than `run`: nothing is known of the runs after it up to this one
  std::int64_t newest_ns = 0;   ///< when that one was over by then; 0: nobody knows
  std::string written_by;       ///< the outhaul that wrote the catalog; empty: no manifest could be read
  std::int64_t written_ns = 0;  ///< when its manifest was written
  std::int64_t generation = 0;
  std::uint64_t changes = 0;  ///< files of changes that were applied to the base
  std::uint64_t runs = 0;     ///< in the state
  std::uint64_t files = 0, bytes = 0;
  /// What the remote's listings say of it: of `objects` files, versions included, so many are there with
  /// their sizes, so many are not, of so many nobody can tell, and so many names are unknown to the state.
  struct Check {
    bool complete = false;  ///< false: it was cut short
    std::uint64_t objects = 0, proven = 0, wrong = 0, unproven = 0, foreign = 0;
  };
  Check check;
  std::vector<Problem> problems;  ///< what is unknown, lost or unproven
  ExitCode outcome = ExitCode::done;
};

}  // namespace outhaul
