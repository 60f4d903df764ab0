// A duration in a profile.
#pragma once

#include <chrono>

#include "profile/json_reader.h"

namespace outhaul {

/// Whole seconds, or a string such as "90 s": 1 s to 24 h. A fault leaves `duration` as it is.
void read_duration(const Node& node, std::chrono::seconds& duration);

}  // namespace outhaul
