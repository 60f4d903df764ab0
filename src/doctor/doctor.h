// Tries on a remote everything that a run does to it, once and small, and measures it.
#pragma once

#include "base/cancel.h"
#include "base/clock.h"
#include "outhaul/doctor.h"
#include "outhaul/profile.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Where its files lie, below the base directory. Nothing else on the remote is touched.
inline constexpr std::string_view kDoctorDir = ".outhaul/doctor";

/// With an append-only job nothing is renamed, replaced or removed: little is tried, in a directory that is
/// named after the time and stays. Uses at most `profile.remote.connections` connections at a time. Removes
/// what it stored, also after a failure. Never throws RemoteError but for a cancelled one: what fails is a
/// check that fails. The file that measures the throughput grows up to `largest` bytes while it goes too fast
/// to be measured.
DoctorReport examine(Remote& remote, const Profile& profile, Clock& clock, const CancelToken& cancel,
                     std::uint64_t largest = 64 * 1024 * 1024);

}  // namespace outhaul
