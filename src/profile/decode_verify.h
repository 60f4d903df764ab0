// "verify": what is asked of the remote beyond its listings. Pure.
#pragma once

#include <chrono>

#include "profile/json_reader.h"

namespace outhaul {

/// "read_all_within"; zero when it isn't there.
std::chrono::seconds read_read_all_within(const Node& node);

}  // namespace outhaul
