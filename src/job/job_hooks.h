// A job's hooks, at their moments.
#pragma once

#include <optional>
#include <vector>

#include "hooks/hook_environment.h"
#include "job/environment.h"
#include "outhaul/profile.h"
#include "outhaul/report.h"

namespace outhaul {

/// Borrows everything. What hooks print is told as notices.
class JobHooks {
 public:
  /// `cancel`: whatever ends the run; only behind its end hooks are run all the same.
  JobHooks(const Job& job, const RunReport& run, const Environment& environment, const CancelToken& cancel)
      : hooks_(job.hooks), run_(run), environment_(environment), cancel_(cancel) {}

  /// What stands in the way of the job; none: nothing does.
  std::optional<Problem> before(const JobReport& job);
  /// Once the job has its outcome. What failed of them is a warning each. A run that was asked to stop
  /// doesn't keep them from being run: what `before` has begun must be ended.
  std::vector<Problem> after(const JobReport& job);

 private:
  std::optional<Problem> run(HookMoment moment, const std::vector<std::string>& argv, const JobReport& job,
                             const CancelToken& cancel);

  const Hooks& hooks_;
  const RunReport& run_;
  const Environment& environment_;
  const CancelToken& cancel_;
  bool failed_ahead_ = false;
};

}  // namespace outhaul
