// The way back: profile → state → selection → plan → restore → report.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "job/environment.h"
#include "outhaul/restore.h"

namespace outhaul {

struct RestoreOptions {
  std::vector<std::string> paths;  ///< as on the command line: paths or patterns; empty = everything
  std::filesystem::path to;
  std::string at = "latest";           ///< see parse_when()
  std::string job;                     ///< only this one; empty = all
  std::optional<Overwrite> overwrite;  ///< unset: never, and nobody has said so
  bool numeric_ids = false;
  bool dry_run = false;       ///< plan only: writes nothing, asks no remote
  bool remote_moved = false;  ///< the remote has a new address and the same content
};

/// Brings files back. Needs the profile, the state and the remote; not the source, nor the lock: a run may be
/// under way. Writes nothing but below `options.to`. What concerns one job, path or file is a problem in the
/// report. Throws Error for what stands before all of them: an unknown job, a time that is none, no state, an
/// impossible place to restore to, too little room.
RestoreReport restore_profile(const Profile& profile, const RestoreOptions& options,
                              const Environment& environment);

}  // namespace outhaul
