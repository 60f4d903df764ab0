// After a run: the remote gets what changed of the state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "catalog/carrier.h"
#include "state/state.h"

namespace outhaul {

struct CatalogSettings {
  std::string profile;
  std::string control_dir;       ///< what the server calls ".outhaul"
  std::string version;           ///< of this outhaul
  std::filesystem::path folder;  ///< for files on their way: the state's own directory
  std::int64_t now_ns = 0;
  RunId run = kNoRun;
  bool may_make_base = true;  ///< false: only what is small
};

struct CatalogReport {
  bool stored = false;  ///< something was sent
  bool new_base = false;
  std::uint64_t left_behind = 0;  ///< files of older generations that the account may not remove
  bool lost_track = false;        ///< what was recorded didn't give the state any more: hence the new base
  std::uint64_t bytes = 0;        ///< of the file that was sent
  std::int64_t generation = 0;
};

/// Uses the remote only when there is something to store. Throws what the carrier throws; what was stored
/// until then counts, and the next call goes on from there. A state that holds no tree has no catalog.
CatalogReport publish_catalog(State& state, Carrier& carrier, const CatalogSettings& settings);

}  // namespace outhaul
