// The pipeline: profile → scan → diff → plan → guard → execute → report.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "job/environment.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "outhaul/report.h"
#include "outhaul/versions.h"

namespace outhaul {

struct RunOptions {
  std::vector<std::string> jobs;         ///< only these; empty = all
  std::vector<std::string> approve;      ///< plan ids that may pass the guards
  bool remote_moved = false;             ///< the remote has a new address and the same content
  std::optional<std::int64_t> until_ns;  ///< end of the window, wall clock
};

struct PlannedJob {
  const Job* job = nullptr;
  Plan plan;
  std::vector<GuardRefusal> refusals;
  std::optional<Retention> retention;  ///< with "versions": what it would let go of what is stored now
  /// By "quota", the uploads don't fit beside what goes anyhow, so that goes before them.
  bool removals_first = false, versions_first = false;
  std::uint64_t first_bytes = 0;  ///< of both
  std::uint64_t removals_in_doubt = 0;  ///< that stay if what no run could store lately can't be stored again
  std::uint64_t unsettled = 0;          ///< what a crashed run left half done; `run` will bring it to its end first
};

/// Runs the profile's jobs, one after the other, under the profile's lock. Failures of one job don't stop the
/// next, except those of the remote itself. Throws Error for what stands before any job: unknown job name,
/// lock held, state refused.
RunReport run_profile(const Profile& profile, const RunOptions& options, const Environment& environment);

/// What run would do. Writes nothing, takes no lock, asks no remote: what only the server can tell (whether
/// it keeps an odd name, and tells "A" from "a") goes by what earlier runs or doctor have learned, so a run
/// may withhold a name that is planned here. Hands each job's plan to `each` as it is ready.
void plan_profile(const Profile& profile, const RunOptions& options, const Environment& environment,
                  const std::function<void(PlannedJob&&)>& each);

}  // namespace outhaul
