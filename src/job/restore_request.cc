#include "job/restore_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "filter/patterns.h"
#include "job/queries.h"
#include "restore/selection.h"

namespace outhaul {
namespace {

/// The nearest kept snapshot whose tree has it: an older one if there is one.
const Snapshot* nearest(const std::vector<TimeInTree>& times, RunId run,
                        const std::vector<Snapshot>& snapshots) {
  const Snapshot* later = nullptr;
  const Snapshot* earlier = nullptr;
  for (const Snapshot& snapshot : snapshots) {
    if (snapshot.forgotten || !was_there(times, snapshot.run)) continue;
    if (run == kNoRun || snapshot.run < run)
      earlier = &snapshot;
    else if (later == nullptr)
      later = &snapshot;
  }
  return earlier != nullptr ? earlier : later;
}

std::string name_of(RunId run, const std::vector<Snapshot>& snapshots) {
  const auto found =
      std::find_if(snapshots.begin(), snapshots.end(), [&](const Snapshot& s) { return s.run == run; });
  return found == snapshots.end() ? "the newest tree" : "the tree of " + shown(*found);
}

}  // namespace

std::vector<PathRequest> requests_for(const Profile& profile, const std::string& job_name, const Job& job,
                                      const std::vector<std::string>& texts) {
  std::vector<PathRequest> requests;
  for (const std::string& text : texts) {
    const bool absolute = text.starts_with('/');
    const bool open = !absolute && job_name.empty() && profile.jobs.size() > 1 && looks_like_pattern(text);
    const JobPath where = find_path(profile, open ? job.name : job_name, text);
    if (where.job->name != job.name) continue;
    PathRequest request{text, where.path, {}, open};
    if (looks_like_pattern(where.path.bytes()))
      request.pattern = (absolute ? "/" : "") + where.path.bytes() + (text.ends_with('/') ? "/" : "");
    requests.push_back(std::move(request));
  }
  return requests;
}

bool was_there(const std::vector<TimeInTree>& times, RunId run) {
  return std::any_of(times.begin(), times.end(), [&](const TimeInTree& time) {
    return run == kNoRun ? !time.to : time.from <= run && (!time.to || run < *time.to);
  });
}

Problem missing_path(const PathRequest& request, const std::vector<TimeInTree>& times, RunId run,
                     const std::vector<Snapshot>& snapshots) {
  Problem problem{Problem::Severity::error, {}, printable(request.text), {}, {}};
  if (const std::string fault = pattern_fault(request.pattern); !request.pattern.empty() && !fault.empty()) {
    problem.message = fmt::format("it is not in {}, and as a pattern it {}", name_of(run, snapshots), fault);
    problem.advice = "Patterns are those of .gitignore; put a backslash before * ? [ to mean the character.";
    return problem;
  }
  if (!request.pattern.empty()) {
    problem.message = fmt::format("nothing in {} matches it", name_of(run, snapshots));
    problem.advice =
        "Patterns are those of .gitignore: one without a slash matches names at any depth. `outhaul "
        "ls` lists what there is.";
    return problem;
  }
  problem.message = fmt::format("it is not in {}", name_of(run, snapshots));
  const Snapshot* other = nearest(times, run, snapshots);
  if (other == nullptr) {
    problem.advice = times.empty() ? "It was never stored under that name. `outhaul ls` lists what there is."
                                   : "It was stored once, but no run that is kept has it.";
    return problem;
  }
  const bool before = run == kNoRun || other->run < run;
  problem.message += fmt::format("; it {} {}", before ? "was there until" : "is there from", shown(*other));
  problem.advice = fmt::format("Use --at {} for it.", static_cast<std::int64_t>(other->run));
  return problem;
}

}  // namespace outhaul
