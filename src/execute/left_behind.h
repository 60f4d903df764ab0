// Moves that ended with an upload.
#pragma once

#include <vector>

#include "outhaul/plan.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// A file that was to be renamed on the remote may have been sent under its new name instead: its content was
/// another one after all, or the server refused the rename. What still stands under the old name has left the
/// source like anything else that is removed there. Actions that take it away as the job's policy says;
/// nothing for files that aren't stored under their new names yet, and nothing where the plan has put
/// something else at the old name.
std::vector<Action> left_behind(const Plan& plan, const State& state, JobId job, OnRemoval policy);

}  // namespace outhaul
