// Sizes from listings, for servers that have neither SIZE nor MLST.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "outhaul/remote.h"

namespace outhaul {

/// Fills in the results of those SizeOf commands that came back `unsupported`: one listing per directory.
/// `list` is Lane::list. What isn't in a trusted listing is `missing`; what isn't in an untrusted one stays
/// `unsupported`, with the reason as its text. True when a size was found.
bool sizes_from_listings(const std::function<Listing(const RemotePath&)>& list,
                         std::span<const Command> commands, std::vector<CommandResult>& results);

}  // namespace outhaul
