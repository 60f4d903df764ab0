// Brings actions into the order in which they are carried out. Pure.
#pragma once

#include <vector>

#include "outhaul/plan.h"

namespace outhaul {

/// From path order into the order that Plan documents; actions with an empty path are dropped.
void put_in_order(std::vector<Action>& actions);

}  // namespace outhaul
