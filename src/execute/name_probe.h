// Which odd names a server keeps: tried once, with directories of ours.
#pragma once

#include "lanes/commands.h"
#include "outhaul/odd_names.h"

namespace outhaul {

struct NameProbe {
  OddNames asked;  ///< of which kinds something was found out
  OddNames kept;   ///< of those: they come back as they were sent, and no other name is taken for them
};

/// Makes a directory under a name of each of `kinds`, and asks for it by the name that such servers make of
/// it; then looks how a listing shows it. Nothing is known where the account may make no directories, or
/// neither rename nor list them. Throws RemoteError when the remote is lost.
NameProbe probe_names(Commands& commands, const OddNames& kinds);

}  // namespace outhaul
