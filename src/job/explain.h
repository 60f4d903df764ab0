// Why an entry is stored or left out, and what the state knows of it.
#pragma once

#include <string>

#include "job/queries.h"

namespace outhaul {

/// A few lines for a person: the rule that takes the path (or that none does), whether it is there, its
/// remote name, what the state knows. Looks at the source and the state, never at the network.
std::string explain_path(const Profile& profile, const JobPath& path, const std::filesystem::path& state_dir);

}  // namespace outhaul
