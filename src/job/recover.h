// A new machine, and nothing but the profile: the state comes back from the remote.
#pragma once

#include "job/environment.h"
#include "outhaul/recover.h"

namespace outhaul {

/// Makes the profile's state of the catalog on its remote. Throws Error{state} when there is a state already
/// or no catalog that can be used; nothing is changed then.
RecoverReport recover_profile(const Profile& profile, const Environment& environment);

}  // namespace outhaul
