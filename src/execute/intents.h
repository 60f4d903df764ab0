// Directories, moves and removals that a crash cut off from their record.
//
// The server carries a command out, and the process dies before the state hears of it: then the state calls
// live what is gone. The next diff would believe it, and a directory that was taken out of the source and put
// back would be "unchanged", with nothing of it on the remote. So every batch is journaled before it is sent,
// and what a crash left in the journal is looked up before anything is compared.
#pragma once

#include <span>
#include <vector>

#include "execute/publisher.h"

namespace outhaul {

/// Commits that these actions are about to be carried out, each by the command in its place. The transaction
/// that records their outcomes ends with State::clear_intents().
void intend(const JobContext& context, std::span<const Action* const> actions,
            std::span<const Command> commands);
/// The same for intents that are none of a single command.
void intend(const JobContext& context, const std::vector<Intent>& intents);

/// Makes the state say what the remote holds of every intent in the journal, and empties it. Directories are
/// made again, because nothing tells cheaply whether one is there: the diff removes what isn't wanted. Throws
/// RemoteError when the remote is lost; then the journal stays.
void settle_intents(const JobContext& context);

}  // namespace outhaul
