// Finds files that only changed their name. Pure.
#pragma once

#include <vector>

#include "outhaul/plan.h"
#include "plan/diff.h"

namespace outhaul {

/// Turns pairs of a remove and an upload of the same file into one move each; the remove is left with an
/// empty path. `drafts` must be in path order: that decides who is paired with whom when several have the
/// same inode. `modes`: for Action::mode.
void pair_moves(std::vector<Action>& drafts, const std::vector<DeviceChange>& devices,
                const RemoteModes& modes);

}  // namespace outhaul
