// Which of a profile's jobs the command line means.
#pragma once

#include <string>
#include <vector>

#include "outhaul/profile.h"

namespace outhaul {

/// In the profile's order; all when `names` is empty. Throws Error{usage} for a name that it doesn't have.
std::vector<const Job*> chosen_jobs(const Profile& profile, const std::vector<std::string>& names);

}  // namespace outhaul
