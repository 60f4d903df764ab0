#include "job/doctor.h"

#include "doctor/doctor.h"
#include "job/known_server.h"
#include "job/remote_identity.h"
#include "state/lock.h"
#include "state/state.h"

namespace outhaul {

DoctorReport examine_profile(const Profile& profile, const Environment& environment) {
  const std::filesystem::path dir = environment.state_dir(profile);
  const StateLock lock = StateLock::take(dir, "doctor " + profile.name);
  State state = State::open(dir, profile.name, State::Open::create_if_missing);
  check_remote(state, profile.remote);
  const ServerMemory known = recall_server(state, profile.remote);
  // Nothing is taken on trust: what was remembered may be why somebody asks.
  const auto remote = environment.open_remote(profile.remote, {});
  DoctorReport report = examine(*remote, profile, environment.clock, environment.cancel);
  const std::int64_t now = environment.clock.now_ns();
  report.memory = with_connections(merged(known, report.memory, now), report.connections, now);
  remember_server(state, profile.remote, known, report.memory);
  return report;
}

}  // namespace outhaul
