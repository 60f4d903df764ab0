// Which remote a state speaks of.
#pragma once

#include <string>

#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// The place that a profile's files are in, as a person would say it: "backup@ftp.example.net/web01". What
/// only says how to get there (explicit or implicit TLS, the scheme's own port, connections) is not part of
/// it.
std::string remote_identity(const RemoteSettings& remote);

/// Throws Error{state} when `state` remembers another place: what it calls stored would be missing at the new
/// one.
void check_remote(const State& state, const RemoteSettings& remote);
/// Makes `state` speak of this place from now on.
void remember_remote(State& state, const RemoteSettings& remote);

}  // namespace outhaul
