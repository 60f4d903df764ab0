// A job before its first run was let through: nobody knows yet whose the files are that lie in its target.
#pragma once

#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// The job has stored nothing, and no run of it was ever let through to its target.
bool is_to_begin(const State& state, JobId id, const Job& job);
/// From now on what lies under its names is its own, also where a run that is cut off couldn't write it down.
void remember_beginning(State& state, JobId id, const Job& job);

}  // namespace outhaul
