// Who is told of runs. Pure.
#pragma once

#include <filesystem>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

Alarms read_alarms(const Node& node, const std::filesystem::path& folder);

}  // namespace outhaul
