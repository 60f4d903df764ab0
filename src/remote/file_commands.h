// Batches of commands on a mounted disk.
#pragma once

#include <span>
#include <vector>

#include "outhaul/remote.h"
#include "remote/disk.h"

namespace outhaul {

/// Carries the commands out in order; when it returns, what they changed is on the disk: every directory that
/// they touched is synced once, at the end. Commands whose directory could not be synced come back
/// `unanswered`, and so does the rest of the batch after `cancel` fired.
std::vector<CommandResult> run_on_disk(Disk& disk, std::span<const Command> commands,
                                       const CancelToken& cancel);

}  // namespace outhaul
