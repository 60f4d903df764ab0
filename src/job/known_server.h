// What the state remembers of the profile's server.
#pragma once

#include "outhaul/profile.h"
#include "outhaul/server_memory.h"
#include "state/state.h"

namespace outhaul {

ServerMemory recall_server(const State& state, const RemoteSettings& remote);
/// Makes the state remember `now` instead of `before`; writes nothing when they are equal. Facts of a newer
/// outhaul stay. Needs no open transaction.
void remember_server(State& state, const RemoteSettings& remote, const ServerMemory& before,
                     const ServerMemory& now);

}  // namespace outhaul
