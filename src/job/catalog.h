// The copy of the state on the remote: after a run, and when the state is lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "job/environment.h"
#include "outhaul/report.h"
#include "state/state.h"

namespace outhaul {

/// What the run before it came to, for the words of a problem.
enum class FilesStored : std::uint8_t { all, not_all };

/// Brings the remote's catalog up to date after `run`, whose row in the state must be finished. What went
/// wrong, if anything: the next run tries again. `window_ended`: only what is small.
std::optional<Problem> store_catalog(State& state, Remote& remote, const Profile& profile,
                                     const Environment& environment, RunId run, bool window_ended,
                                     FilesStored files);

}  // namespace outhaul
