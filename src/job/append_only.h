// "append_only" decides under which names a job's objects lie. The state remembers that it was said.
#pragma once

#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// Throws Error{state} when `job` was append-only, has stored files so, and now isn't: they lie in
/// increments, and nothing would make the mirror of them that everybody expects of a job that isn't. The
/// other way round is fine: what is there keeps its names.
void check_append_only(const State& state, const Job& job);

/// After check_append_only().
void remember_append_only(State& state, const Job& job);

}  // namespace outhaul
