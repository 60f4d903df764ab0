// How far the state's extended attributes can be relied on, so that a scan need not ask for them.
#pragma once

#include <cstdint>
#include <optional>

#include "outhaul/plan.h"
#include "outhaul/profile.h"
#include "outhaul/report.h"
#include "state/state.h"

namespace outhaul {

/// The moment at which the state had the attributes of all of the job's entries, and since which nothing was
/// recorded without them; unset: all must be asked for. Also unset for a job that doesn't compare by ctime.
std::optional<std::int64_t> attributes_known_ns(const State& state, const Job& job);

/// One run's part in that. To be made before the run records anything: what it will record for another user,
/// who sees others, or without attributes at all, ends what was known.
class AttributeTrust {
 public:
  /// `state` and `job` are borrowed.
  AttributeTrust(State& state, JobId id, const Job& job);
  std::optional<std::int64_t> known_ns() const noexcept { return known_ns_; }
  /// Before the plan is carried out: what could not be read tonight must be asked for again, and what was not
  /// looked at is not known.
  void judge(const Plan& plan);
  /// The job is done.
  void end(const Plan& plan, ExitCode outcome);

 private:
  bool was_passed_by(const ScanProblem& problem) const;

  State& state_;
  JobId id_;
  const Job& job_;
  std::int64_t begun_ns_;
  std::optional<std::int64_t> known_ns_;
  bool complete_ = false;  ///< of everything that the state holds
};

}  // namespace outhaul
