// A lost state comes back from the catalog on the remote.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "catalog/carrier.h"
#include "outhaul/report.h"

namespace outhaul {

struct RecoveredState {
  std::string written_by;  ///< the outhaul that wrote the manifest; empty: none could be read
  std::int64_t written_ns = 0;
  std::int64_t generation = 0;
  RunId run = kNoRun;             ///< the state is as after this run
  RunId newest_run = kNoRun;      ///< the newest that the catalog speaks of
  std::int64_t newest_ns = 0;     ///< when that one was over by then; 0: nobody knows
  std::uint64_t changes = 0;      ///< changesets that were applied
  std::vector<Problem> problems;  ///< what was damaged, and what is unknown for it
};

/// Fetches and checks the newest generation, or the one before it where that is damaged, and makes
/// `dir`/state.db of it: by the manifest, or where none can be read by the names of the files. Throws
/// Error{state} when there is no catalog, none of its generations can be used, or there is a state already;
/// RemoteError when the remote is lost. Nothing is made then.
RecoveredState recover_state(Carrier& carrier, const std::string& profile, const std::filesystem::path& dir);

}  // namespace outhaul
