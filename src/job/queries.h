// Questions to the state: status, runs, ls. Read-only, no lock, no network.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "job/environment.h"
#include "job/when.h"
#include "outhaul/report.h"
#include "state/state.h"

namespace outhaul {

/// Healthy: the newest finished run ended with exit code 0, and the last success is not older than `max_age`.
/// A run of some of the jobs (`--job`) can spoil that, but is no success of the profile.
StatusReport status_of(const Profile& profile, const std::filesystem::path& state_dir,
                       std::chrono::seconds max_age, std::int64_t now_ns);

/// The state, read-only. Throws Error{usage} when the profile never ran.
State open_to_ask(const Profile& profile, const std::filesystem::path& state_dir);

/// Newest first, with what became of their trees. Throws Error{usage} when the profile never ran.
std::vector<RunRow> runs_of(const Profile& profile, const std::filesystem::path& state_dir,
                            std::size_t newest);

/// What a person names on the command line: a path below a job's source, absolute or relative to it.
struct JobPath {
  const Job* job = nullptr;
  RelPath path;
};
/// `text` absolute: the job whose source holds it. Relative: in `job_name`, or in the only job. Throws
/// Error{usage}.
JobPath find_path(const Profile& profile, const std::string& job_name, const std::string& text);

/// Every stored entry at or below `path` (all of the chosen jobs when unset) in the tree that `when` names,
/// in path order. False when there is none. Throws Error{usage} for a `when` that no run of a job fits, and
/// Error{local_io} where there never was a tree.
bool list_entries(const Profile& profile, const std::filesystem::path& state_dir,
                  const std::vector<JobPath>& paths, const When& when,
                  const std::function<void(LsRow&&)>& each);

}  // namespace outhaul
