#include "job/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "job/retain.h"
#include "job/verify.h"
#include "outhaul/error.h"
#include "state/lock.h"
#include "state/state.h"

namespace outhaul {
namespace {

std::optional<State> open_if_there(const Profile& profile, const std::filesystem::path& state_dir) {
  if (!has_state(state_dir)) return std::nullopt;
  return State::open(state_dir, profile.name, State::Open::read_only);
}

/// Runs that are looked through for the newest one that says something about the whole profile.
constexpr std::size_t kLookBack = 100;

/// The newest run that ended and stands for the profile: a success of only some of its jobs does not, and
/// carries a message instead (see run_profile).
std::optional<RunRow> newest_verdict(const State& state) {
  for (RunRow& row : state.runs(kLookBack))
    if (row.finished_ns && (row.outcome != ExitCode::done || row.message.empty())) return std::move(row);
  return std::nullopt;
}

/// Runs that ended, the newest first, until one succeeded; a success of some of the jobs is neither.
std::uint64_t failures_in_a_row(const State& state) {
  std::uint64_t failures = 0;
  for (const RunRow& row : state.runs(kLookBack)) {
    if (!row.finished_ns) continue;
    if (row.outcome == ExitCode::done && row.message.empty()) break;
    failures += row.outcome == ExitCode::done ? 0 : 1;
  }
  return failures;
}

/// In the largest unit that fits without a rest: "26 hours", "90 minutes".
std::string in_words(std::chrono::seconds age) {
  const auto count = age.count();
  const auto [unit, name] = count % 3600 == 0 ? std::pair{3600, "hour"}
                            : count % 60 == 0 ? std::pair{60, "minute"}
                                              : std::pair{1, "second"};
  return fmt::format("{} {}{}", count / unit, name, count == unit ? "" : "s");
}

/// What the state says of it, beside the runs.
struct KnownTrouble {
  std::optional<Gap> gap;
  std::optional<std::string> undecided_loss;
};

void judge_health(StatusReport& status, const std::optional<RunRow>& verdict, const KnownTrouble& trouble,
                  std::chrono::seconds max_age, std::int64_t now_ns) {
  const auto& [gap, loss] = trouble;
  const auto age = [&] { return std::chrono::nanoseconds(now_ns - *status.last_success->finished_ns); };
  constexpr std::chrono::minutes kClocksDiffer{5};
  if (!status.last_run) {
    status.verdict = "it has never run here";
    status.advice =
        "Run it with `outhaul run`. If it is a backup whose state is lost, bring that back first: `outhaul "
        "recover`.";
  } else if (gap) {
    status.verdict =
        fmt::format("the state came back from a damaged catalog: what {} stored is unknown", lost_runs(*gap));
    status.advice =
        "Run it with `outhaul run` where the source is there: it sends again what isn't known. `outhaul "
        "verify` "
        "lists as foreign what is unknown.";
  } else if (loss) {
    status.verdict = "the newest verification found more missing than it may record unasked: " + *loss;
    status.advice =
        "Look at the remote: is it the right one, is its disk mounted? `outhaul verify` says how its finding "
        "is "
        "approved; then the next run sends again what is missing.";
  } else if (!status.last_success) {
    status.verdict = "no run has ever succeeded";
    status.advice = "See `outhaul runs` for what went wrong, mend it, and run it again.";
  } else if (age() < -kClocksDiffer) {
    status.verdict = "the last success lies in the future, so nobody knows how old it is";
    status.advice =
        "Look at this machine's clock: it is wrong now, or was when that run ended. Once it is right, run it "
        "again.";
  } else if (age() > max_age) {
    status.verdict = fmt::format("the last success is older than {}", in_words(max_age));
    status.advice = "Is the timer or cron job still there? See `outhaul runs` for failures since then.";
  } else if (verdict && verdict->outcome != ExitCode::done) {
    status.verdict = status.last_run->run == verdict->run
                         ? "the newest run did not succeed"
                         : fmt::format("run {}, the newest one that ended, did not succeed",
                                       static_cast<std::int64_t>(verdict->run));
    status.advice = verdict->message.starts_with("verify: ")
                        ? "`outhaul verify` names what is missing; `outhaul run` sends it again."
                        : "See `outhaul runs`; everything up to the last success is safe on the remote.";
  } else if (!status.last_run->finished_ns && !status.running) {
    status.verdict = "the newest run was cut off before its end";
    status.advice = "Run it again: it goes on where it was.";
  } else {
    status.healthy = true;
    status.verdict = "the remote holds everything the source held at the last run";
  }
}

const Job* job_named(const Profile& profile, const std::string& name) {
  const auto found = std::find_if(profile.jobs.begin(), profile.jobs.end(),
                                  [&](const Job& job) { return job.name == name; });
  if (found == profile.jobs.end())
    throw Error(ErrorKind::usage,
                fmt::format("profile \"{}\" has no job \"{}\"", profile.name, printable(name)));
  return &*found;
}

/// What retention made of a job's runs in the newest one that came to its end.
std::optional<Retention> as_of_last_run(const State& state, JobId id, const Job& job) {
  const std::vector<Snapshot> snapshots = state.snapshots(id);
  if (snapshots.empty()) return std::nullopt;
  return retention_of(state, id, job, snapshots.back(), {});
}

/// One job's part in the newest runs: which of its trees can be restored, and what its policy says of them
/// now.
std::map<RunId, RunOfJob> restorable_runs(const State& state, const Job& job) {
  std::map<RunId, RunOfJob> runs;
  const auto id = state.find_job(job.name);
  if (!id) return runs;
  std::vector<Snapshot> kept = dated_snapshots(state, *id);
  for (const Snapshot& one : kept)
    if (one.forgotten) runs[one.run] = {job.name, false, {"let go by retention"}};
  std::erase_if(kept, [](const Snapshot& one) { return one.forgotten; });
  for (RunVerdict& verdict : apply_rules(kept, job.versions, local_zone()))
    runs[verdict.run] = {job.name, true, std::move(verdict.reasons)};
  const auto retention = as_of_last_run(state, *id, job);
  if (!retention || retention->put_off.empty()) return runs;
  for (const RunVerdict& verdict : retention->runs)
    if (const auto found = runs.find(verdict.run); found != runs.end())
      found->second.reasons = verdict.reasons;
  return runs;
}

}  // namespace

State open_to_ask(const Profile& profile, const std::filesystem::path& state_dir) {
  if (auto state = open_if_there(profile, state_dir)) return std::move(*state);
  throw Error(
      ErrorKind::usage,
      fmt::format("profile \"{}\" has no state in \"{}\": it has never run here", profile.name,
                  printable(state_dir.native())),
      "Run it with `outhaul run`, name the right directory with --state-dir, or, if its state was lost, "
      "bring it back with `outhaul recover`.");
}

StatusReport status_of(const Profile& profile, const std::filesystem::path& state_dir,
                       std::chrono::seconds max_age, std::int64_t now_ns) {
  StatusReport status;
  status.profile = profile.name;
  status.remote = profile.remote.url;
  status.state_dir = state_dir.native();
  if (const auto holder = StateLock::holder(state_dir)) {
    status.running = true;
    status.holder = *holder;
  }
  std::optional<RunRow> verdict;
  KnownTrouble trouble;
  if (const auto state = open_if_there(profile, state_dir)) {
    verdict = newest_verdict(*state);
    trouble = {state->gap(), undecided_loss(*state)};
    if (const auto newest = state->runs(1); !newest.empty()) status.last_run = newest.front();
    status.failures = failures_in_a_row(*state);
    if (status.running && status.last_run && !status.last_run->finished_ns) {
      const State::Totals now = state->stored_by(status.last_run->run);
      status.stored_now = now.files;
      status.stored_now_bytes = now.bytes;
    }
    status.last_success = state->last_success();
    const State::Totals totals = state->totals();
    status.files = totals.files;
    status.bytes = totals.bytes;
    status.versions = totals.versions;
    status.version_bytes = totals.version_bytes;
    for (const std::string& name : state->job_names())
      if (const auto job = state->find_job(name)) {
        status.parts += state->parts(*job).size();
        status.doubts += state->doubts(*job).size();
      }
    for (const Job& job : profile.jobs)
      if (const auto id = state->find_job(job.name); id && !job.append_only)
        if (const auto retention = as_of_last_run(*state, *id, job))
          for (const PutOff& put_off : retention->put_off) status.put_off.push_back({job.name, put_off});
  }
  judge_health(status, verdict, trouble, max_age, now_ns);
  return status;
}

std::vector<RunRow> runs_of(const Profile& profile, const std::filesystem::path& state_dir,
                            std::size_t newest) {
  const State state = open_to_ask(profile, state_dir);
  std::vector<RunRow> rows = state.runs(newest);
  for (const Job& job : profile.jobs) {
    std::map<RunId, RunOfJob> runs = restorable_runs(state, job);
    for (RunRow& row : rows)
      if (const auto found = runs.find(row.run); found != runs.end()) row.jobs.push_back(found->second);
  }
  return rows;
}

JobPath find_path(const Profile& profile, const std::string& job_name, const std::string& text) {
  std::string_view bytes = text;
  while (bytes.size() > 1 && bytes.ends_with('/')) bytes.remove_suffix(1);
  while (bytes.starts_with("./")) bytes.remove_prefix(2);
  if (text.starts_with('/')) {
    for (const Job& job : profile.jobs) {
      if (!job_name.empty() && job.name != job_name) continue;
      const std::string& source = job.source.native();
      if (bytes == source) return {&job, {}};
      const std::string inside = source == "/" ? source : source + '/';
      if (bytes.starts_with(inside)) return {&job, RelPath::parse(bytes.substr(inside.size()))};
    }
    throw Error(ErrorKind::usage,
                fmt::format("\"{}\" lies in no source of profile \"{}\"", printable(text), profile.name));
  }
  const RelPath path = bytes == "." ? RelPath{} : RelPath::parse(bytes);
  if (!job_name.empty()) return {job_named(profile, job_name), path};
  if (profile.jobs.size() == 1) return {&profile.jobs.front(), path};
  throw Error(ErrorKind::usage,
              fmt::format("profile \"{}\" has several jobs; \"{}\" could be in any of them", profile.name,
                          printable(text)),
              "Give --job NAME, or an absolute path.");
}

bool list_entries(const Profile& profile, const std::filesystem::path& state_dir,
                  const std::vector<JobPath>& paths, const When& when,
                  const std::function<void(LsRow&&)>& each) {
  const State state = open_to_ask(profile, state_dir);
  refuse_later_run(when, state);
  bool any = false, ever = false;
  for (const JobPath& wanted : paths) {
    const auto job = state.find_job(wanted.job->name);
    if (!job) continue;
    const std::vector<Snapshot> snapshots = dated_snapshots(state, *job);
    ever = ever || !snapshots.empty();
    const RunId run = choose_snapshot(snapshots, when, wanted.job->name);
    const auto entries = run == kNoRun ? state.entries_below(*job, wanted.path) : state.entries_at(*job, run);
    for (Entry entry; entries->next(entry);) {
      if (!entry.path.is_at_or_below(wanted.path)) continue;
      LsRow row;
      row.job = wanted.job->name;
      if (const auto object = entry.object == kNoObject ? std::nullopt : state.object(entry.object)) {
        if (object->status != StoredObject::Status::gone) row.remote_name = object->remote_name.wire();
        if (object->sha256) row.sha256 = to_hex(*object->sha256);
      }
      row.entry = entry;
      each(std::move(row));
      any = true;
    }
  }
  if (!any && !ever)
    throw Error(ErrorKind::local_io,
                fmt::format("nothing was ever stored of {}",
                            paths.size() == 1 ? fmt::format("job \"{}\"", paths.front().job->name)
                                              : fmt::format("profile \"{}\"", profile.name)),
                "See `outhaul runs` for what has run, and what went wrong.");
  return any;
}

}  // namespace outhaul
