// Files that no remote of a limited size can ever hold. Pure.
#pragma once

#include <cstdint>

#include "outhaul/plan.h"

namespace outhaul {

/// Withholds every upload of more than `largest` bytes (Reason::too_large), so that it refuses nothing and
/// nothing waits for it; counts and id follow. A move needs no room and stays.
void withhold_larger_than(std::uint64_t largest, Plan& plan);

}  // namespace outhaul
