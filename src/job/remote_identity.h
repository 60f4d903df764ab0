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

/// Whether anything was ever stored, or may have been: a file, a catalog. False after a first run that failed
/// at its login, or that made directories and sent unfinished parts at most: then nothing is known that a
/// corrected profile could contradict. Of one job: now.
bool has_stored(const State& state);
bool has_stored(const State& state, JobId job);

/// Throws Error{state} when `state` remembers another place and has stored anything: what it calls stored
/// would be missing at the new one. After a first run that failed, because the address was wrong, nothing is
/// in the way of the right one.
void check_remote(const State& state, const RemoteSettings& remote);
/// Makes `state` speak of this place from now on. True when it spoke of another one.
bool remember_remote(State& state, const RemoteSettings& remote);
/// What was made of directories at another place, where nothing else is: here they are yet to be made.
void forget_directories(State& state, RunId run);

}  // namespace outhaul
