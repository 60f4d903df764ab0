// Is the server's disk full? Few servers say so when it happens.
#pragma once

#include "outhaul/remote.h"

namespace outhaul {

/// To be called when an upload broke off without progress. Many servers just drop the connection when their
/// disk is full, or say something that could mean anything; a small file, sent to its end before the server
/// looks at it, makes them answer. Does nothing when `failed` came before the server had taken the upload.
/// Throws RemoteError{no_space} when the small file fails for want of space too, RemoteError{cancelled}, and
/// nothing else. What it stored is removed again; `litter` says when that didn't come about.
void look_for_full_disk(Lane& lane, int lane_number, const RemoteError& failed, bool& litter);

/// Stores `bytes` zeros. Throws RemoteError.
void store_zeros(Lane& lane, const RemotePath& name, std::uint64_t bytes);

/// The file that it stores.
RemotePath disk_probe_name(int lane_number);
/// Room that is held on a full remote while files are tried on the rest of it.
RemotePath reserve_name();

}  // namespace outhaul
