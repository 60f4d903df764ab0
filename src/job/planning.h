// One job's plan, before anything is done about it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/environment.h"
#include "outhaul/entry.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "state/state.h"

namespace outhaul {

struct Judged {
  Plan plan;
  std::vector<GuardRefusal> refusals;
  std::optional<SeenMount> mount;
};

/// What the state knows of a job; nothing when it never ran.
struct Known {
  std::unique_ptr<EntryStream> stored;
  std::optional<SourceMount> mount;
  std::optional<std::int64_t> attributes_ns;  ///< see attributes_known_ns()
};

Known known_of(const State& state, JobId id, const Job& job);

/// scan → diff → plan → guard. Touches neither the state nor the remote.
Judged plan_job(const Profile& profile, const Job& job, Known known, const std::vector<std::string>& approve,
                const Environment& environment);

/// Nobody knows what is there: what was stored of it must not leave the remote.
bool casts_doubt(const ScanProblem& problem);

}  // namespace outhaul
