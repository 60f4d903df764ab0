// "versions": how long what was replaced or removed can be restored. Pure.
#pragma once

#include "outhaul/policy.h"
#include "profile/json_reader.h"

namespace outhaul {

VersionPolicy read_versions(const Node& node);

}  // namespace outhaul
