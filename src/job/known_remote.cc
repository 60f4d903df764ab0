#include "job/known_remote.h"

#include <utility>

#include "job/known_server.h"

namespace outhaul {

KnownRemote::KnownRemote(const Profile& profile, const State* state, const Environment& environment,
                         LazyRemote::Gate gate)
    : settings_(profile.remote),
      clock_(environment.clock),
      known_(state != nullptr ? recall_server(*state, profile.remote) : ServerMemory{}),
      memory_(without_old_limits(known_, clock_.now_ns())),
      remote_([this, &environment] { return environment.open_remote(settings_, memory_); },
              profile.remote.url, std::move(gate)) {}

int KnownRemote::connections() const {
  return connections_to_try(settings_.connections, memory_, clock_.now_ns());
}

void KnownRemote::saw(const ConnectionUse& use) {
  memory_ = with_connections(memory_, use, clock_.now_ns());
}

void KnownRemote::remember_in(State& state) {
  memory_ = merged(memory_, remote_.memory(), clock_.now_ns());
  remember_server(state, settings_, known_, memory_);
  known_ = memory_;
}

}  // namespace outhaul
