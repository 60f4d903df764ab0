// "names" and "encoding" decide what an entry is called on the remote. What is there keeps its name.
#pragma once

#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// Throws Error{state} when `job` was run with other rules and an entry of it that is on the remote would now
/// have another name there. A change that concerns no entry is fine.
void check_name_rules(const State& state, const Job& job);

/// After check_name_rules(): from now on these are the job's.
void remember_name_rules(State& state, const Job& job);

/// The job with the rules that its names really follow: the profile's, and what earlier runs found out that
/// the server doesn't keep (NameRules::escaped).
Job with_known_names(const State& state, const Job& job);

/// Of `kinds`, those that the job may begin to escape: nothing of it is on the remote under such a name.
OddNames escapable(const State& state, JobId id, const Job& job, const OddNames& kinds);

/// From now on, and for good, the job escapes what its `names.escaped` say.
void remember_escapes(State& state, const Job& job);

}  // namespace outhaul
