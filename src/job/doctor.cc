#include "job/doctor.h"

#include "doctor/doctor.h"
#include "state/lock.h"
#include "state/state.h"

namespace outhaul {

DoctorReport examine_profile(const Profile& profile, const Environment& environment) {
  const std::filesystem::path dir = environment.state_dir(profile);
  const StateLock lock = StateLock::take(dir, "doctor " + profile.name);
  State state = State::open(dir, profile.name, State::Open::create_if_missing);
  const auto remote = environment.open_remote(profile.remote);
  DoctorReport report = examine(*remote, profile, environment.clock, environment.cancel);
  return report;
}

}  // namespace outhaul
