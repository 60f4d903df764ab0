// Every version of a path that the state knows. Read-only, no lock, no network.
#pragma once

#include "job/queries.h"
#include "outhaul/report.h"

namespace outhaul {

/// Newest first, and on under the earlier names of what was renamed. No rows when the state never had it.
/// Throws Error{usage} when the profile never ran.
HistoryReport history_of(const Profile& profile, const std::filesystem::path& state_dir,
                         const JobPath& wanted);

}  // namespace outhaul
