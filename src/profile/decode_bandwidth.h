// "bandwidth": a limit, or a timetable of limits. Pure.
#pragma once

#include <vector>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

std::vector<BandwidthRule> read_bandwidth(const Node& node);

}  // namespace outhaul
