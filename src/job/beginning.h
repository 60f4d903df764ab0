// A job that has stored nothing yet: nobody knows whose the files are that lie in its target.
#pragma once

#include <string>

#include "outhaul/guard.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// The job has stored nothing, and nobody has said that what lies in its target is its own. What a run that
/// was cut off may have given its name counts as stored. After a recovery that left runs out, more may be its
/// own than the state knows: those are sent again unasked.
bool is_to_begin(const State& state, JobId id, const Job& job);
/// What a person approves where names are taken: these names, on this remote, for this plan of this job. 12
/// hex digits.
std::string approval_id(const TakenNames& taken, const Job& job, const Plan& plan,
                        const RemoteSettings& remote);
/// An adoption: from now on what lies under its names is its own, also where nothing of it was the same.
void remember_as_own(State& state, const Job& job);

}  // namespace outhaul
