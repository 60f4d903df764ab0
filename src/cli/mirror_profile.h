// What the options of `mirror` say, as a profile.
#pragma once

#include "cli/options.h"
#include "outhaul/profile.h"

namespace outhaul::cli {

/// Throws Error{usage} that names the option.
Profile mirror_profile(const MirrorChoices& what);

}  // namespace outhaul::cli
