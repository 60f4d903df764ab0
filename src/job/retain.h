// Retention as a run and a plan apply it.
#pragma once

#include <optional>

#include "outhaul/profile.h"
#include "outhaul/versions.h"
#include "plan/retention.h"
#include "state/state.h"

namespace outhaul {

/// The machine's.
TimeZone local_zone();

/// What the job's policy makes of its runs and versions when `tonight` is the newest of them: judged by times
/// that can be relied on (plan/timeline.h), and without what open problems may be about. What that leaves out
/// is in `put_off`; an id in `approve` lets go what the clock holds back. None without a policy: then nothing
/// is ever let go. Reads the state only.
std::optional<Retention> retention_of(const State& state, JobId id, const Job& job, const Snapshot& tonight,
                                      const std::vector<std::string>& approve);

/// The job's snapshots, with the times that they are judged by.
std::vector<Snapshot> dated_snapshots(const State& state, JobId id);

/// What retention lets go is forgotten, and `tonight` is a snapshot: from then on what only the others needed
/// is garbage. That its clock was approved is remembered. Commits by itself; nothing when nothing is let go.
void forget(State& state, JobId id, RunId tonight, const Retention& retention);

/// The same before the run's own tree is there: `tonight` is no snapshot yet, and is none if the run fails.
void forget_before(State& state, JobId id, RunId tonight, const Retention& retention);

/// What an operator should know of it: that several older runs go at once, or that `max_bytes` can't be kept.
std::optional<Problem> warning_about(const Retention& retention, const Job& job);

/// What stays although the policy lets it go, why, since when, and what to do about it.
Problem warning_about(const PutOff& put_off, const Job& job);

}  // namespace outhaul
