// What follows from what was measured, for this profile. Pure.
#pragma once

#include <vector>

#include "outhaul/doctor.h"
#include "outhaul/profile.h"

namespace outhaul {

/// Settings that would suit this server better, gravest first. `report` holds the checks and figures so far.
std::vector<DoctorCheck> advise(const DoctorReport& report, const Profile& profile);

/// done, failed or remote_unusable, from the checks.
ExitCode outcome_of(const DoctorReport& report) noexcept;

}  // namespace outhaul
