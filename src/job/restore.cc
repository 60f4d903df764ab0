#include "job/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <system_error>

#include "base/nanoseconds.h"
#include "job/chosen_jobs.h"
#include "job/deadline.h"
#include "job/known_remote.h"
#include "job/remote_identity.h"
#include "job/restore_request.h"
#include "job/retain.h"
#include "job/when.h"
#include "restore/restorer.h"
#include "restore/selection.h"
#include "state/state.h"

namespace outhaul {
namespace {

std::string human(std::uint64_t bytes) {
  constexpr double kMiB = 1024.0 * 1024;
  return bytes < 1024 * 1024 ? fmt::format("{} bytes", bytes)
                             : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMiB);
}

State open_state_to_read(const Profile& profile, const std::filesystem::path& state_dir) {
  if (has_state(state_dir)) return State::open(state_dir, profile.name, State::Open::read_only);
  throw Error(
      ErrorKind::usage,
      fmt::format("profile \"{}\" has no state in \"{}\", which says what the remote holds", profile.name,
                  printable(state_dir.native())),
      "If it was lost, run \"outhaul recover\" with this profile: the catalog on the remote brings it back. "
      "If it "
      "lies elsewhere, name its directory with --state-dir. With neither, any FTP client restores the newest "
      "files: they lie under their own names in each job's target.");
}

/// Where the content of a file lies, as the state has it now.
RemoteCopy copy_of(const State& state, const Entry& entry) {
  RemoteCopy copy;
  copy.size = entry.size;
  try {
    const std::optional<StoredObject> object =
        entry.object == kNoObject ? std::nullopt : state.object(entry.object);
    if (!object) {
      copy.missing = "not restored: the state knows of no object that holds it";
      return copy;
    }
    copy.name = object->remote_name;
    copy.size = object->size;
    copy.sha256 = object->sha256;
    if (object->status == StoredObject::Status::gone || object->status == StoredObject::Status::uploading)
      copy.missing =
          fmt::format("not restored: this version of it is no longer on the remote (it was \"{}\")",
                      printable(copy.name.wire()));
  } catch (const Error& error) {
    copy.missing = fmt::format("not restored: {}", error.what());
  }
  return copy;
}

/// Ends a job: there is no tree of it, not even an empty one.
struct NothingStored : Error {
  using Error::Error;
};
NothingStored nothing_stored(std::string_view job) {
  return {
      ErrorKind::usage, fmt::format("nothing was ever stored of job \"{}\"", job),
      "See `outhaul runs` for what has run, and what went wrong. If it was another machine that made this "
      "backup, move the state away and run `outhaul recover`."};
}

bool is_at_or_below(const std::filesystem::path& path, const std::filesystem::path& dir) {
  const auto [rest, at] = std::mismatch(path.begin(), path.end(), dir.begin(), dir.end());
  static_cast<void>(rest);
  return at == dir.end();
}

std::filesystem::path real(const std::filesystem::path& path) {
  std::error_code fault;
  const std::filesystem::path found =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path), fault);
  return fault ? std::filesystem::absolute(path).lexically_normal() : found;
}

/// One job, from what is found out before anything is written to what came of it.
struct JobRestore {
  const Job* job = nullptr;
  std::optional<Destination> own;     ///< several jobs: a directory for each
  const Destination* into = nullptr;  ///< null: nothing can be restored of it
  RestorePlan plan;
  RestoreJobReport report;
};

class ProfileRestore {
 public:
  ProfileRestore(const Profile& profile, const RestoreOptions& options, const Environment& environment)
      : profile_(profile),
        options_(options),
        environment_(environment),
        when_(parse_when(options.at, environment.clock.now_ns())),
        jobs_(chosen_jobs(profile,
                          options.job.empty() ? std::vector<std::string>{} : std::vector{options.job})),
        state_(open_state_to_read(profile, environment.state_dir(profile))),
        remote_(profile, &state_, environment) {}

  RestoreReport run();

 private:
  void refuse_nonsense() const;
  void prepare(const Job& job, std::vector<PathRequest> requests);
  void plan(JobRestore& restore, const std::vector<PathRequest>& requests);
  void choose_tree(JobRestore& restore, JobId id, const std::vector<Snapshot>& snapshots) const;
  void judge_tree(JobRestore& restore, JobId id, const std::vector<Snapshot>& snapshots) const;
  void tell_patterns_without_match();
  void check_room() const;
  void carry_out(JobRestore& restore);
  void finish();
  bool several() const { return options_.job.empty() && profile_.jobs.size() > 1; }
  Overwrite overwrite() const { return options_.overwrite.value_or(Overwrite::never); }

  const Profile& profile_;
  const RestoreOptions& options_;
  const Environment& environment_;
  When when_;
  std::vector<const Job*> jobs_;
  State state_;
  KnownRemote remote_;
  std::optional<Destination> to_;
  std::list<JobRestore> restores_;
  std::map<std::string, Problem> unmatched_;  ///< patterns for any job, which none has matched so far
  std::set<std::string> matched_;             ///< those that one has
  ExitCode lost_ = ExitCode::done;            ///< what ended a job, and would end each other one
  RestoreReport report_;
};

RestoreReport ProfileRestore::run() {
  report_.profile = profile_.name;
  report_.remote = profile_.remote.url;
  report_.to = options_.to.native();
  report_.at = when_.text;
  report_.overwrite = overwrite();
  report_.dry_run = options_.dry_run;
  report_.started_ns = environment_.clock.now_ns();
  if (!options_.remote_moved) check_remote(state_, profile_.remote);
  refuse_later_run(when_, state_);
  refuse_nonsense();
  std::map<const Job*, std::vector<PathRequest>> requests;
  for (const Job* job : jobs_) requests[job] = requests_for(profile_, options_.job, *job, options_.paths);
  to_ = Destination::open(options_.to, !options_.dry_run);
  if (!options_.dry_run) to_->lock();
  for (const Job* job : jobs_)
    if (options_.paths.empty() || !requests[job].empty()) prepare(*job, std::move(requests[job]));
  tell_patterns_without_match();
  if (!options_.dry_run) check_room();
  for (JobRestore& restore : restores_) carry_out(restore);
  finish();
  return std::move(report_);
}

/// Places to which nobody restores on purpose.
void ProfileRestore::refuse_nonsense() const {
  const std::filesystem::path to = real(options_.to);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::usage, fmt::format("--to: \"{}\" {}", printable(options_.to.native()), why),
                "Name another directory.");
  };
  if (is_at_or_below(to, real(environment_.state_dir(profile_))))
    refuse("lies in the directory of the state");
  if (profile_.remote.scheme == Scheme::file && is_at_or_below(to, real(profile_.remote.base)))
    refuse("lies in the remote, which is what is restored from");
  for (const Job* job : jobs_) {
    const std::filesystem::path into = several() ? to / job->name : to;
    if (into != real(job->source) || options_.overwrite) continue;
    throw Error(
        ErrorKind::usage,
        fmt::format("--to: \"{}\" is the source of job \"{}\" itself", printable(into.native()), job->name),
        "To restore over it, say with --overwrite what is to become of what is there; --dry-run shows what "
        "that would do.");
  }
}

/// What stands in the way of this job alone is its problem.
void ProfileRestore::prepare(const Job& job, std::vector<PathRequest> requests) {
  JobRestore& restore = restores_.emplace_back();
  restore.job = &job;
  restore.report.job = job.name;
  restore.report.source = job.source.native();
  restore.report.into = (several() ? to_->path() / job.name : to_->path()).native();
  try {
    plan(restore, requests);
  } catch (const NothingStored& error) {
    restore.plan.problems.push_back({Problem::Severity::error, {}, {}, error.what(), error.advice()});
    restore.report.outcome = ExitCode::failed;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return;
    if (error.kind() == ErrorKind::state) throw;
    restore.plan.problems.push_back({Problem::Severity::error, {}, {}, error.what(), error.advice()});
  }
  restore.report.planned = restore.plan.counts;
}

void ProfileRestore::choose_tree(JobRestore& restore, JobId id,
                                 const std::vector<Snapshot>& snapshots) const {
  restore.report.run = choose_snapshot(dated_snapshots(state_, id), when_, restore.job->name);
  for (const Snapshot& snapshot : snapshots)
    if (snapshot.run == restore.report.run) restore.report.run_started_ns = snapshot.started_ns;
}

/// What stands in the tree's way of being all that was stored.
void ProfileRestore::judge_tree(JobRestore& restore, JobId id, const std::vector<Snapshot>& snapshots) const {
  const RunId run = restore.report.run;
  const auto tell = [&](std::string message, std::string advice) {
    restore.plan.problems.push_back(
        {Problem::Severity::error, {}, {}, std::move(message), std::move(advice)});
  };
  const std::vector<OpenProblem> lacking = state_.open_problems(id);
  const bool newest = run == kNoRun || std::ranges::none_of(snapshots, [&](const Snapshot& other) {
                        return other.run > run;
                      });
  Entry any;
  const bool empty = !state_.entries(id)->next(any);
  if (empty && (snapshots.empty() || (newest && !lacking.empty()))) throw nothing_stored(restore.job->name);
  if (newest && !lacking.empty())
    restore.plan.problems.push_back(
        {Problem::Severity::warning,
         {},
         lacking.front().path.bytes(),
         fmt::format("not in this backup since run {}: {}{}", static_cast<std::int64_t>(lacking.front().since),
                     lacking.front().reason,
                     lacking.size() == 1 ? std::string{}
                                         : fmt::format("; nor, for reasons of their own, {} more", lacking.size() - 1)),
         "The source had it, and no run could store it: `outhaul status` names all."});
  if (snapshots.empty()) {
    tell("no run has brought this job to its end yet: only what was stored so far comes back",
         "See `outhaul runs` for what went wrong.");
  }
  const std::optional<Gap> gap = state_.gap();
  const bool past_it = run != kNoRun && std::ranges::any_of(snapshots, [&](const Snapshot& snapshot) {
                         return snapshot.run > run && gap && snapshot.run <= gap->known_run;
                       });
  if (gap && !past_it && !(when_.kind == When::Kind::run && when_.run <= gap->known_run))
    tell(fmt::format("the state came back from a damaged catalog and is as after run {}: what {} stored is "
                     "unknown and does not come back",
                     static_cast<std::int64_t>(gap->known_run), lost_runs(*gap)),
         "\"outhaul verify\" lists as foreign what is unknown: fetch that with any FTP client. It lies under its "
         "own names, what was replaced or removed below .outhaul/versions.");
}

void ProfileRestore::plan(JobRestore& restore, const std::vector<PathRequest>& requests) {
  const std::string& name = restore.job->name;
  const std::optional<JobId> id = state_.find_job(name);
  if (!id) throw nothing_stored(name);
  const std::vector<Snapshot> snapshots = state_.snapshots(*id);
  choose_tree(restore, *id, snapshots);
  const RunId run = restore.report.run;
  std::vector<Wanted> wanted;
  for (const PathRequest& request : requests) {
    const bool literal = request.pattern.empty() || was_there(state_.presence(*id, request.path), run) ||
                         !pattern_fault(request.pattern).empty();
    wanted.push_back(literal ? Wanted::path(request.path) : Wanted::pattern(request.pattern));
  }
  if (several()) restore.own = to_->below(name, !options_.dry_run);
  restore.into = several() ? &*restore.own : &*to_;
  RestorePlanner planner(*restore.into, overwrite(),
                         [this](const Entry& entry) { return copy_of(state_, entry); });
  Selection selection(std::move(wanted));
  const auto tree = run == kNoRun ? state_.entries(*id) : state_.entries_at(*id, run);
  selection.run(*tree, [&](Entry&& entry) {
    if (environment_.cancel.cancelled()) throw Error(ErrorKind::cancelled, "stopped on request");
    planner.add(std::move(entry));
  });
  restore.plan = planner.take();
  judge_tree(restore, *id, snapshots);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const PathRequest& request = requests[i];
    if (selection.found(i)) {
      matched_.insert(request.text);
      continue;
    }
    Problem missing = missing_path(request, state_.presence(*id, request.path), run, snapshots);
    if (request.in_any_job)
      unmatched_[request.text] = std::move(missing);
    else
      restore.plan.problems.push_back(std::move(missing));
  }
}

void ProfileRestore::tell_patterns_without_match() {
  for (auto& [text, problem] : unmatched_)
    if (!matched_.contains(text)) restores_.back().plan.problems.push_back(std::move(problem));
}

void ProfileRestore::check_room() const {
  std::uint64_t needed = 0, lies_here = 0;
  bool sparse = false;
  const auto each_fetch = [&](const auto& what) {
    for (const JobRestore& restore : restores_)
      for (const RestoreStep& step : restore.plan.steps)
        if (step.kind == RestoreStep::Kind::fetch) what(restore, step);
  };
  each_fetch([&](const JobRestore&, const RestoreStep& step) {
    needed = clamped_sum(needed, step.copy.size);
    sparse = sparse || step.entry.sparse;
  });
  const Room room = to_->room();
  if (needed <= room.free) return;
  each_fetch([&](const JobRestore& restore, const RestoreStep& step) {
    lies_here += bytes_in_part(*restore.into, step);
  });
  needed -= std::min(needed, lies_here);
  if (needed <= room.free) return;
  const std::string what = fmt::format("what is to be restored takes {}, but \"{}\" has room for {}",
                                       human(needed), printable(to_->path().native()), human(room.free));
  if (!sparse && !room.may_shrink)
    throw Error(ErrorKind::local_io, what, "Free space, restore to another disk, or name fewer paths.");
  environment_.events.on(ProblemFound{
      {Problem::Severity::warning, {}, {}, what + ", unless less is stored there than is written", {}}});
}

void ProfileRestore::carry_out(JobRestore& restore) {
  RestoreJobReport& report = restore.report;
  const RestorePlanned& planned = restore.plan.counts;
  if (lost_ != ExitCode::done || environment_.cancel.cancelled()) {
    report.left = {planned.fetch_files + planned.compare_files, planned.fetch_bytes + planned.compare_bytes};
    report.outcome = lost_ != ExitCode::done ? lost_ : ExitCode::interrupted;
    return;
  }
  environment_.events.on(JobStarted{report.job, restore.job->target.wire(), report.into});
  environment_.events.on(RestoreReady{planned.fetch_files + planned.compare_files,
                                      planned.fetch_bytes + planned.compare_bytes,
                                      restore.plan.steps.size()});
  for (Problem& problem : restore.plan.problems) tell(report, environment_.events, std::move(problem));
  if (options_.dry_run || restore.into == nullptr) return;
  std::optional<Throttle> throttle;
  if (!profile_.remote.bandwidth.empty())
    throttle.emplace(profile_.remote.bandwidth, environment_.clock, environment_.events);
  Restorer restorer({.remote = remote_.remote(),
                     .lanes = remote_.connections(),
                     .to = *restore.into,
                     .overwrite = overwrite(),
                     .metadata = {.owner = true, .numeric_ids = options_.numeric_ids},
                     .retry = environment_.retry_for(profile_),
                     .connections = environment_.connections,
                     .clock = environment_.clock,
                     .cancel = environment_.cancel,
                     .events = environment_.events,
                     .look_again = [this](const Entry& entry) { return copy_of(state_, entry); },
                     .throttle = throttle ? &*throttle : nullptr},
                    report);
  restorer.run(restore.plan);
  if (restorer.is_lost()) lost_ = report.outcome;
}

void ProfileRestore::finish() {
  bool wrote = false;
  for (JobRestore& restore : restores_) {
    wrote = wrote || !restore.plan.steps.empty();
    report_.outcome = worst_of(report_.outcome, restore.report.outcome);
    report_.jobs.push_back(std::move(restore.report));
  }
  // Not file by file: what a power cut takes before this, the next restore finds out by comparing.
  if (wrote && !options_.dry_run) to_->sync();
  if (environment_.cancel.cancelled()) {
    report_.outcome = outcome_when_stopped(environment_.cancel);
    report_.message = "stopped on request";
    report_.advice =
        "What is restored stays, and unfinished files are kept: the same command goes on from there.";
  }
  report_.finished_ns = environment_.clock.now_ns();
}

}  // namespace

RestoreReport restore_profile(const Profile& profile, const RestoreOptions& options,
                              const Environment& environment) {
  return ProfileRestore(profile, options, environment).run();
}

}  // namespace outhaul
