// What stands on the remote under the names that the first run of a job would take.
#pragma once

#include "lanes/commands.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "outhaul/profile.h"

namespace outhaul {

/// Lists the job's target, and of the directories below it those that the plan would make, until it has found
/// files that the plan's uploads would replace: all that it has seen until then are in `some`. Where a
/// listing is refused or can't be trusted, it asks for some hundred names by SIZE. Throws RemoteError when
/// the remote is lost.
TakenNames find_taken_names(Commands& commands, const Job& job, const Plan& plan);

}  // namespace outhaul
