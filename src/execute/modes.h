// Permissions of what is stored on the remote (outhaul/remote_modes.h).
#pragma once

#include <span>

#include "execute/tally.h"
#include "lanes/commands.h"
#include "outhaul/paths.h"
#include "outhaul/remote.h"

namespace outhaul {

struct ModeToSet {
  RelPath path;  ///< the entry's, for messages
  SetMode command;
};

/// In one batch. A server that won't do it is no reason to stop: the tally tells of it once. Throws
/// RemoteError when the remote is lost.
void set_modes(Commands& commands, Tally& tally, std::span<const ModeToSet> modes);

/// Tells the tally what the server said to a SetMode. What isn't there any more is verify's to find.
void judge_mode(Tally& tally, const RelPath& path, const CommandResult& result);

}  // namespace outhaul
