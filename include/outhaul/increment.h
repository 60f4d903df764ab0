// Increments: where an append-only job puts what a run adds.
#pragma once

#include <cstdint>
#include <string>

#include "outhaul/paths.h"
#include "outhaul/report.h"

namespace outhaul {

/// The directory below `target` in which a run stores what is new: "run-000012-20261121T030000Z", with the
/// run's number and when it began in UTC. Sorted by name is sorted by run, so that copying one over the other
/// in that order gives the newest tree. The time makes it nobody else's: a state that was lost, or brought
/// back from an older catalog, counts runs anew. `attempt` > 1: what had to be sent again under another name
/// goes to "run-000012-20261121T030000Z.2".
RemotePath increment_dir(const RemotePath& target, RunId run, std::int64_t started_ns, int attempt = 1);

/// The longest directory that increment_dir() gives, for asking how long names would be.
RemotePath longest_increment_dir(const RemotePath& target);

/// How many names a file may use up in one run.
inline constexpr int kMostAttempts = 8;

/// "20261121T030000Z".
std::string compact_utc(std::int64_t ns);

}  // namespace outhaul
