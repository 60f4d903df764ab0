// What a person asks a restore for, job by job.
#pragma once

#include <string>
#include <vector>

#include "job/when.h"
#include "outhaul/profile.h"
#include "outhaul/report.h"
#include "state/state.h"

namespace outhaul {

/// One PATH of the command line, as it reads for one job.
struct PathRequest {
  std::string text;         ///< as it was given
  RelPath path;             ///< taken literally
  std::string pattern;      ///< taken as a pattern of this job's tree; empty: it has nothing of one
  bool in_any_job = false;  ///< a pattern that no job was named for: enough if one has it
};

/// Those of `texts` that concern `job`. Throws Error{usage} for what can be in no job, or in any of several.
std::vector<PathRequest> requests_for(const Profile& profile, const std::string& job_name, const Job& job,
                                      const std::vector<std::string>& texts);

/// True when the path was in the tree after `run`; kNoRun: is in the newest.
bool was_there(const std::vector<TimeInTree>& times, RunId run);

/// A path that isn't in the tree, and the nearest kept run that has it, if there is one. `tree`: "run 12
/// (…)".
Problem missing_path(const PathRequest& request, const std::vector<TimeInTree>& times, RunId run,
                     const std::vector<Snapshot>& snapshots);

}  // namespace outhaul
