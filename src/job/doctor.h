// `outhaul doctor`: an examination of a profile's remote, whose findings the next run goes by.
#pragma once

#include "job/environment.h"
#include "outhaul/doctor.h"

namespace outhaul {

/// Takes the profile's lock, so that no run competes for the provider's connections, and keeps in the state
/// what was learned. Throws Error for what can't be tried at all: a secret that can't be resolved, a state
/// that is refused, another run.
DoctorReport examine_profile(const Profile& profile, const Environment& environment);

}  // namespace outhaul
