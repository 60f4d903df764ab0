#include "job/recover.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/recover.h"
#include "job/ownership.h"
#include "job/remote_identity.h"
#include "job/source_mount.h"
#include "outhaul/error.h"
#include "state/lock.h"
#include "state/state.h"

namespace outhaul {
namespace {

void refuse_a_state(const std::filesystem::path& dir) {
  if (!has_state(dir)) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: there is a state of this profile already", printable((dir / "state.db").string())),
      "Recovering is for a lost state. If this one is damaged, move its directory away first; \"outhaul "
      "status\" says what it holds.");
}

void describe(const State& state, RunId run, RecoverReport& report) {
  const std::vector<RunRow> runs = state.runs(SIZE_MAX);
  report.runs = runs.size();
  const auto row = std::find_if(runs.begin(), runs.end(), [&](const RunRow& r) { return r.run == run; });
  if (row != runs.end()) report.run_started_ns = row->started_ns;
  const State::Totals totals = state.totals();
  report.files = totals.files;
  report.bytes = totals.bytes;
}

/// A job that is new to the state, or another target, is what the next run would stumble over.
void compare_jobs(const State& state, const Profile& profile, RecoverReport& report) {
  const std::vector<std::string> known = state.job_names();
  for (const Job& job : profile.jobs)
    if (std::find(known.begin(), known.end(), job.name) == known.end())
      report.problems.push_back({Problem::Severity::note,
                                 job.name,
                                 {},
                                 "the catalog knows no job of that name",
                                 "The next run treats it as new."});
  for (const std::string& name : known)
    if (std::none_of(profile.jobs.begin(), profile.jobs.end(),
                     [&](const Job& job) { return job.name == name; }))
      report.problems.push_back({Problem::Severity::warning,
                                 name,
                                 {},
                                 "the profile has no job of that name",
                                 "Add it, with the source and target that it had, to restore from it."});
}

/// From now on this machine goes on with the backup.
void take_over_for(const Profile& profile, const State& state, Remote& remote, const Environment& environment,
                   RecoverReport& report) {
  try {
    const std::string before = take_remote_over(profile, state, remote, environment);
    if (!before.empty())
      report.problems.push_back({Problem::Severity::note,
                                 {},
                                 {},
                                 fmt::format("the remote was taken over from {}", before),
                                 "Its next run there will be refused."});
  } catch (const Error& error) {
    report.problems.push_back(
        {Problem::Severity::error,
         {},
         {},
         fmt::format("the remote still belongs to the lost state, so that a run would be refused: {}",
                     error.what()),
         fmt::format("Mend that, move {} away and recover again.", printable(report.state_dir))});
  }
}

}  // namespace

RecoverReport recover_profile(const Profile& profile, const Environment& environment) {
  const std::filesystem::path dir = environment.state_dir(profile);
  refuse_a_state(dir);
  const StateLock lock = StateLock::take(dir, "recover " + profile.name);
  refuse_a_state(dir);
  const auto remote = environment.open_remote(profile.remote, {});
  RetryPolicy retry = environment.retry;
  retry.retries = profile.remote.retries;
  RecoverReport report;
  report.profile = profile.name;
  report.remote = profile.remote.url;
  report.state_dir = dir.native();
  {
    Carrier carrier({*remote, retry, environment.clock, environment.cancel, environment.events});
    RecoveredState recovered = recover_state(carrier, profile.name, dir);
    report.run = recovered.run;
    report.written_by = std::move(recovered.written_by);
    report.written_ns = recovered.written_ns;
    report.generation = recovered.generation;
    report.changes = recovered.changes;
    report.problems = std::move(recovered.problems);
  }
  State state = State::open(dir, profile.name, State::Open::must_exist);
  remember_remote(state, profile.remote);
  for (const std::string& job : state.job_names()) forget_mount(state, job);
  take_over_for(profile, state, *remote, environment, report);
  describe(state, report.run, report);
  compare_jobs(state, profile, report);
  for (const Problem& problem : report.problems)
    if (problem.severity == Problem::Severity::error) report.outcome = ExitCode::incomplete;
  return report;
}

}  // namespace outhaul
