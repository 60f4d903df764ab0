// Which file system a job's source lies on, and whether that is the one of last time.
#pragma once

#include "job/environment.h"
#include "outhaul/guard.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// What the job's source lay on in its last run that was let through. Empty when nobody knows, or when the
/// profile named another source then.
std::optional<SourceMount> recall_mount(const State& state, const Job& job);
/// From now on this is where it lies. Does nothing when nothing is known, or nothing is new.
void remember_mount(State& state, const Job& job, const std::optional<SeenMount>& now);
/// For a state that comes to another machine.
void forget_mount(State& state, std::string_view job);

}  // namespace outhaul
