#include "job/recover.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/recover.h"
#include "job/name_rules.h"
#include "job/ownership.h"
#include "job/remote_identity.h"
#include "job/source_mount.h"
#include "job/when.h"
#include "outhaul/error.h"
#include "state/lock.h"
#include "state/state.h"
#include "verify/verify.h"

namespace outhaul {
namespace {

/// A run that was refused leaves a state in which nothing is.
bool holds_nothing(const std::filesystem::path& dir, const std::string& profile) {
  try {
    return !has_stored(State::open(dir, profile, State::Open::read_only));
  } catch (const Error&) {
    return false;  // damaged, newer, another profile's: a person must look
  }
}

void refuse_a_state(const std::filesystem::path& dir, const std::string& profile) {
  if (!has_state(dir) || holds_nothing(dir, profile)) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: there is a state of this profile already", printable((dir / "state.db").string())),
      "Recovering is for a lost state. If this one is damaged, move its directory away first; \"outhaul "
      "status\" says what it holds.");
}

/// A state that holds nothing, while another one is made; it comes back when that fails.
class SetAside {
 public:
  explicit SetAside(const std::filesystem::path& dir) : file_(dir / "state.db") {
    if (has_state(dir)) move("", ".empty");
  }
  ~SetAside() {
    std::error_code none;
    if (std::filesystem::exists(file_, none)) {
      forget();
      return;
    }
    try {
      move(".empty", "");
    } catch (const std::exception&) {  // it held nothing
    }
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;

 private:
  static constexpr const char* kFiles[] = {"-wal", "-shm", ""};  ///< the database last: alone it is whole

  std::filesystem::path named(const char* part, const char* suffix) const {
    return file_.string() + part + suffix;
  }
  void move(const char* from, const char* to) const {
    for (const char* part : kFiles)
      if (std::filesystem::exists(named(part, from))) std::filesystem::rename(named(part, from), named(part, to));
  }
  void forget() const noexcept {
    std::error_code none;
    for (const char* part : kFiles) std::filesystem::remove(named(part, ".empty"), none);
  }

  std::filesystem::path file_;
};

void describe(const State& state, RunId run, RecoverReport& report) {
  const std::vector<RunRow> runs = state.runs(SIZE_MAX);
  report.runs = runs.size();
  const auto row = std::find_if(runs.begin(), runs.end(), [&](const RunRow& r) { return r.run == run; });
  if (row != runs.end()) report.run_started_ns = row->started_ns;
  const State::Totals totals = state.totals();
  report.files = totals.files;
  report.bytes = totals.bytes;
}

/// In words, or nothing where nobody knows.
std::string at(const char* word, std::int64_t ns) {
  return ns == 0 ? std::string{} : fmt::format(" ({}{})", word, local_minute(ns));
}

/// First of all that is told: a person must not take the state for a whole one.
void tell_of_a_gap(const std::optional<Gap>& gap, RecoverReport& report) {
  if (!gap) return;
  report.problems.insert(
      report.problems.begin(),
      {Problem::Severity::error,
       {},
       {},
       fmt::format("THE STATE IS NOT COMPLETE: it is as after run {}{}. What {}{} stored, moved and retired is "
                   "unknown",
                   static_cast<std::int64_t>(gap->known_run),
                   at("", gap->known_run == report.run ? report.run_started_ns : 0), lost_runs(*gap),
                   at("until ", gap->newest_ns)),
       "Where the source is still there: \"outhaul run\" sends again what isn't known; nothing is removed on the "
       "remote for that. Where it is lost: \"outhaul verify\" lists as foreign what the lost runs have stored; "
       "fetch that with any FTP client, it lies under its own names. Until a run has ended with 0, `restore` from "
       "this state ends with 3 and `status` is unhealthy."});
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
    const RemoteTakenOver taken = take_remote_over(profile, state, remote, environment);
    if (!taken.from.empty())
      report.problems.push_back({Problem::Severity::note,
                                 {},
                                 {},
                                 fmt::format("the remote was taken over from {}", taken.from),
                                 taken.shut_out
                                     ? "Its next run there will be refused."
                                     : "See to it that it doesn't run any more: where nothing can be "
                                       "removed, it can't be kept out."});
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

constexpr std::size_t kTold = 100;  // of what is wrong, one by one

Problem told(const VerifyFinding& finding) {
  return {Problem::Severity::error,
          finding.job,
          printable(finding.path.wire()),
          finding.message.empty() ? std::string(to_string(finding.kind)) : finding.message,
          {}};
}

/// What a damaged catalog no longer knows, or what has happened to the remote since, shows here.
void check_against_listings(const Profile& profile, State& state, Remote& remote,
                            const Environment& environment, RecoverReport& report) {
  std::vector<VerifyJob> jobs;
  for (const Job& job : profile.jobs)
    if (const auto id = state.find_job(job.name, job.target))
      jobs.push_back({job.name, {*id, job.target, with_known_names(state, job).names, job.append_only}});
  VerifyOptions options;
  options.record = false;
  const VerifyReport seen =
      verify_objects({state, remote, environment.events, environment.clock, environment.cancel,
                      profile.remote.connections, environment.retry_for(profile), profile.remote.bandwidth,
                      owner_file()},
                     jobs, options);
  const VerifyCounts& counts = seen.counts;
  report.check = {seen.outcome == ExitCode::done || seen.outcome == ExitCode::incomplete,
                  counts.objects,
                  counts.listed + counts.asked,
                  counts.wrong(),
                  counts.unproven,
                  counts.foreign};
  std::size_t listed = 0;
  for (const VerifyFinding& finding : seen.findings)
    if (finding.kind != VerifyFinding::Kind::foreign && listed++ < kTold)
      report.problems.push_back(told(finding));
  if (counts.wrong() + counts.unproven > 0)
    report.problems.push_back({Problem::Severity::error,
                               {},
                               {},
                               fmt::format("{} of {} files could not be proven on the remote",
                                           counts.wrong() + counts.unproven, counts.objects),
                               "\"outhaul verify\" lists them all and has the next run send them again."});
  if (!report.check.complete)
    report.problems.push_back(
        {Problem::Severity::error,
         {},
         {},
         fmt::format("the remote could not be compared with the state to the end: {}", seen.message),
         "The state is back all the same; \"outhaul verify\" compares again."});
}

}  // namespace

RecoverReport recover_profile(const Profile& profile, const Environment& environment) {
  const std::filesystem::path dir = environment.state_dir(profile);
  refuse_a_state(dir, profile.name);
  const StateLock lock = StateLock::take(dir, "recover " + profile.name);
  refuse_a_state(dir, profile.name);
  const auto remote = environment.open_remote(profile.remote, {});
  RecoverReport report;
  report.profile = profile.name;
  report.remote = profile.remote.url;
  report.state_dir = dir.native();
  {
    const SetAside before(dir);
    Carrier carrier(
        {*remote, environment.retry_for(profile), environment.clock, environment.cancel, environment.events});
    RecoveredState recovered = recover_state(carrier, profile.name, dir);
    report.run = recovered.run;
    report.newest_run = recovered.newest_run;
    report.newest_ns = recovered.newest_ns;
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
  tell_of_a_gap(state.gap(), report);
  compare_jobs(state, profile, report);
  check_against_listings(profile, state, *remote, environment, report);
  for (const Problem& problem : report.problems)
    if (problem.severity == Problem::Severity::error) report.outcome = ExitCode::incomplete;
  return report;
}

}  // namespace outhaul
