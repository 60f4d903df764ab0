// Carries a plan out over lanes and the command channel.
#pragma once

#include "base/cancel.h"
#include "base/clock.h"
#include "outhaul/events.h"
#include "outhaul/profile.h"
#include "outhaul/remote.h"
#include "outhaul/report.h"
#include "state/state.h"

namespace outhaul {

class Executor {
 public:
  /// Everything is borrowed. Only the calling thread touches `state`; `events` is told from every thread.
  Executor(Remote& remote, State& state, EventSink& events, Clock& clock, const CancelToken& cancel,
           const RemoteSettings& settings);

  /// Carries `plan` out and returns what became of it: counters, problems, outcome. Cleans up parts that an earlier run
  /// left and this plan doesn't resume. Throws Error{state} or Error{local_io} when the state can't be written; every
  /// other failure is a problem in the report.
  JobReport execute(const Job& job, JobId job_id, RunId run, const Plan& plan);
};

}  // namespace outhaul
