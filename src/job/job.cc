#include "job/job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/nanoseconds.h"
#include "execute/executor.h"
#include "job/append_only.h"
#include "job/attribute_trust.h"
#include "job/beginning.h"
#include "job/catalog.h"
#include "job/chosen_jobs.h"
#include "job/deadline.h"
#include "job/job_hooks.h"
#include "job/job_report.h"
#include "job/known_remote.h"
#include "job/name_rules.h"
#include "job/ownership.h"
#include "job/planning.h"
#include "job/remote_identity.h"
#include "job/retain.h"
#include "job/source_mount.h"
#include "job/space.h"
#include "outhaul/counted.h"
#include "outhaul/shown.h"
#include "plan/case_twins.h"
#include "state/lock.h"
#include "state/state.h"

namespace outhaul {
namespace {

/// One profile's run: the lock, the state, the remote when it is needed, and the jobs' reports.
class ProfileRun {
 public:
  ProfileRun(const Profile& profile, const RunOptions& options, const Environment& environment)
      : profile_(profile),
        options_(options),
        environment_(environment),
        jobs_(chosen_jobs(profile, options.jobs)),
        cancel_(environment.cancel),
        lock_(StateLock::take(environment.state_dir(profile), "run " + profile.name)),
        state_(State::open(environment.state_dir(profile), profile.name, State::Open::create_if_missing)),
        ownership_(profile, state_, environment, OwnershipGate::Claim::if_free),
        remote_(profile, &state_, environment, ownership_.gate()) {}

  RunReport run() {
    if (!options_.remote_moved) check_remote(state_, profile_.remote);
    const bool begins_anew = remember_remote(state_, profile_.remote) && !has_stored(state_);
    for (const Job* job : jobs_) {
      check_name_rules(state_, *job);
      check_append_only(state_, *job);
    }
    for (const Job* job : jobs_) {
      remember_name_rules(state_, *job);
      remember_append_only(state_, *job);
    }
    std::optional<DeadlineWatch> window;
    if (options_.until_ns && *options_.until_ns <= environment_.clock.now_ns())
      cancel_.cancel(kWindowEnded);
    else if (options_.until_ns)
      window.emplace(*options_.until_ns, cancel_);
    report_.profile = profile_.name;
    report_.remote = profile_.remote.url;
    report_.started_ns = environment_.clock.now_ns();
    report_.run = state_.begin_run(report_.started_ns);
    if (begins_anew) forget_directories(state_, report_.run);
    for (const Job* job : jobs_) {
      if (stopped()) break;
      run_job(*job);
    }
    finish();
    return std::move(report_);
  }

 private:
  bool stopped() const { return cancel_.cancelled() || remote_lost_; }
  void run_job(const Job& configured);
  std::optional<JobId> enrol(const Job& job, JobReport& report);
  void carry_out(Job& job, JobReport& report);
  bool settle_names(Job& job, JobId id, const Plan& plan, JobReport& report);
  void look_at_target(const Job& job, JobId id, Judged& judged, JobReport& report);
  void tell_scan_problems(const Plan& plan, JobReport& report);
  bool execute(const Job& job, JobId id, const Plan& plan, JobReport& report);
  Executor::Room room_for(const Job& job, JobId id, const Plan& plan, JobReport& report,
                          Certainty& certainty);
  std::optional<Retention> may_let_go(const Job& job, JobId id, const Plan& plan, const JobReport& report);
  bool let_versions_go(const Job& job, JobId id, const Plan& plan, JobReport& report);
  void retain(const Job& job, JobId id, JobReport& report);
  void remember_unstored(JobId id, const JobReport& report);
  void refuse(const std::vector<GuardRefusal>& refusals, JobReport& report);
  void problem(JobReport& report, Problem problem);
  void remember_server(JobReport& report);
  bool write_down(std::uint64_t problems);
  Executor executor();
  std::string note_on_partial_run() const;
  std::optional<Problem> update_catalog();
  void finish();

  const Profile& profile_;
  const RunOptions& options_;
  const Environment& environment_;
  std::vector<const Job*> jobs_;
  CancelToken cancel_;
  StateLock lock_;
  State state_;
  OwnershipGate ownership_;
  KnownRemote remote_;
  bool remote_lost_ = false;
  RunReport report_;
  std::vector<JobId> snapshots_;  ///< of the jobs that were carried out to their end
};

void ProfileRun::run_job(const Job& configured) {
  Job job = with_known_names(state_, configured);
  JobReport report;
  report.job = job.name;
  report.source = job.source.native();
  report.target = job.target.wire();
  environment_.events.on(JobStarted{report.job, report.source, report.target});
  JobHooks hooks(configured, report_, environment_, cancel_);
  try {
    if (auto refused = hooks.before(report)) {
      problem(report, *std::move(refused));
      report.outcome = ExitCode::failed;
    } else if (!cancel_.cancelled()) {
      carry_out(job, report);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) {
      problem(report, {Problem::Severity::error, job.name, {}, error.what(), error.advice()});
      report.outcome = worst_of(report.outcome, exit_code_for(error.kind()));
      // A secret that can't be resolved or a full state disk will not be better for the next job.
      remote_lost_ = error.kind() != ErrorKind::source;
    }
  }
  if (cancel_.cancelled())
    report.outcome = report.outcome == ExitCode::interrupted
                         ? outcome_when_stopped(cancel_)
                         : worst_of(report.outcome, outcome_when_stopped(cancel_));
  if (const auto refusal = ownership_.refusal()) {
    report.refusals.push_back(*refusal);
    report.outcome = ExitCode::guard_refused;
    report.remote_lost = true;
  }
  if (report.remote_lost) remote_lost_ = true;
  remember_server(report);
  for (Problem& failed : hooks.after(report)) problem(report, std::move(failed));
  environment_.events.on(JobEnded{report});
  report_.outcome = worst_of(report_.outcome, report.outcome);
  report_.jobs.push_back(std::move(report));
}

/// Now: a run that is cut off later has not learned in vain. A state that can't be written has said so
/// before.
void ProfileRun::remember_server(JobReport& report) {
  try {
    remote_.remember_in(state_);
    if (ownership_.marked()) remember_mark(state_, profile_);
  } catch (const Error& error) {
    if (report.outcome != ExitCode::done) return;
    problem(report, {Problem::Severity::error, report.job, {}, error.what(), error.advice()});
    report.outcome = worst_of(report.outcome, exit_code_for(error.kind()));
  }
}

/// A state that refuses a job, because its target was changed in the profile, refuses only that one.
std::optional<JobId> ProfileRun::enrol(const Job& job, JobReport& report) {
  try {
    return state_.job(job.name, job.target);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::state) throw;
    problem(report, {Problem::Severity::error, job.name, {}, error.what(), error.advice()});
    report.outcome = ExitCode::failed;
    return std::nullopt;
  }
}

void ProfileRun::carry_out(Job& job, JobReport& report) {
  const std::optional<JobId> known = enrol(job, report);
  if (!known) return;
  const JobId id = *known;
  if (control_dir_changed(state_, profile_) && !ownership_.marked()) {
    const Command question = SizeOf{owner_file()};
    remote_.remote().open_channel(cancel_)->run(std::span(&question, 1));
  }
  AttributeTrust attributes(state_, id, job);
  const std::vector<Part> parts = state_.parts(id);
  if (needs_settling(state_, id)) {
    report = executor().settle(job, id, report_.run);
    if (report.outcome != ExitCode::done) return;
  }
  CancelToken& cancel = cancel_;
  const Environment here{
      environment_.state_root,  environment_.events, environment_.clock,       cancel,
      environment_.open_remote, environment_.retry,  environment_.connections, environment_.see_mount};
  const auto plan = [&] {
    return plan_job(profile_, job, known_of(state_, id, job), options_.approve, here);
  };
  Judged judged = plan();
  if (judged.refusals.empty() && settle_names(job, id, judged.plan, report)) judged = plan();
  if (report.outcome == ExitCode::done && judged.refusals.empty()) look_at_target(job, id, judged, report);
  report.plan_id = judged.plan.id;
  report.planned = judged.plan.counts;
  if (report.outcome != ExitCode::done) {
    report.left = {report.planned.uploads, report.planned.upload_bytes};
    return;
  }
  environment_.events.on(PlanReady{&judged.plan});
  tell_scan_problems(judged.plan, report);
  if (!judged.refusals.empty()) return refuse(judged.refusals, report);
  remember_mount(state_, job, judged.mount);
  attributes.judge(judged.plan);
  {
    std::vector<Doubt> doubts;
    for (const ScanProblem& seen : judged.plan.problems)
      if (casts_doubt(seen)) doubts.push_back({seen.path, seen.message});
    if (!doubts.empty() || !state_.doubts(id).empty()) {
      Transaction transaction = state_.begin();
      state_.set_doubts(id, report_.run, doubts);
      transaction.commit();
    }
  }
  if ((!judged.plan.empty() || !parts.empty()) && !execute(job, id, judged.plan, report)) return;
  retain(job, id, report);
  attributes.end(judged.plan, report.outcome);
}

/// Names of kinds that nobody has seen the server keep: it is asked, once, before the guard lets anything
/// through. What it doesn't keep is escaped from now on, unless the job has such names there already; then
/// the executor's CaseGuard sees to it that none is stored over another. True when the plan must be made
/// anew.
bool ProfileRun::settle_names(Job& job, JobId id, const Plan& plan, JobReport& report) {
  const OddNames odd = odd_new_names(plan, job.names);
  const OddNames unknown = odd - kept_names(remote_.memory()) - lost_names(remote_.memory());
  if (unknown.any()) {
    NameProbe found;
    report = joined(std::move(report), executor().probe_names(job, unknown, found));
    if (report.outcome != ExitCode::done) return false;
    remote_.set_names(found.asked, found.kept);
  }
  const OddNames chosen = escapable(state_, id, job, odd - kept_names(remote_.memory()));
  if (!chosen.any()) return false;
  job.names.escaped = job.names.escaped | chosen;
  remember_escapes(state_, job);
  return true;
}

/// Before the first file of a job is sent. What is sent to directories of single runs replaces nothing.
void ProfileRun::look_at_target(const Job& job, JobId id, Judged& judged, JobReport& report) {
  const bool may_replace = judged.plan.counts.uploads > 0 && !job.append_only && !profile_.safety.overwrite;
  if (!may_replace || !is_to_begin(state_, id, job)) return;
  TakenNames taken;
  report = joined(std::move(report), executor().find_taken_names(job, judged.plan, taken));
  // What is let through are these names in this place, whatever else somebody has approved of the plan.
  Plan asked;
  asked.id = approval_id(taken, job, judged.plan, profile_.remote);
  if (auto refusal = judge_taken_names(taken, asked, profile_.safety, options_.approve))
    judged.refusals.push_back(std::move(*refusal));
}

/// Retention's turn comes after the uploads. When they don't fit because of what it would delete then, that
/// goes first; not in a run with doubts, and not the newest tree that can be restored.
std::optional<Retention> ProfileRun::may_let_go(const Job& job, JobId id, const Plan& plan,
                                                const JobReport& report) {
  const bool doubtful = std::ranges::any_of(plan.problems, casts_doubt) || report.outcome != ExitCode::done;
  if (doubtful || cancel_.cancelled()) return std::nullopt;
  auto retention =
      retention_of(state_, id, job, {report_.run, report_.started_ns, false, 0}, options_.approve);
  return may_go_first(retention) > 0 ? std::move(retention) : std::nullopt;
}

bool ProfileRun::let_versions_go(const Job& job, JobId id, const Plan& plan, JobReport& report) {
  const std::optional<Retention> retention = may_let_go(job, id, plan, report);
  if (!retention) return false;
  problem(
      report,
      {Problem::Severity::note,
       job.name,
       {},
       fmt::format("{} not kept beyond this run and deleted before its uploads, which don't fit beside them",
                   retention->garbage.objects == 1 ? "1 version is"
                                                   : counted(retention->garbage.objects, "version") + " are"),
       {}});
  forget_before(state_, id, report_.run, *retention);
  return true;
}

/// Everything that it holds on to must outlive it.
Executor::Room ProfileRun::room_for(const Job& job, JobId id, const Plan& plan, JobReport& report,
                                    Certainty& certainty) {
  const auto decide = [&, id](SpaceQuestion question) {
    question.removals = [&] { return removable_first(job, plan, certainty); };
    question.versions = [&, id] { return may_go_first(may_let_go(job, id, plan, report)); };
    return decide_space(question);
  };
  Executor::Room room;
  room.certainty = &certainty;
  room.smallest_first = was_full(state_, job);
  room.reserve = catalog_reserve(profile_, &state_, plan);
  room.let_versions_go = [&, id] { return let_versions_go(job, id, plan, report); };
  if (profile_.remote.quota && plan.counts.upload_bytes > 0) {
    SpaceVerdict verdict =
        decide(ask_of_quota(room.reserve, *profile_.remote.quota, space_need(&state_, id, job, plan),
                            space_use(&state_), approval_of(plan.id, profile_.safety, options_.approve)));
    room.first = verdict.first;
    if (verdict.refusal) refuse({*verdict.refusal}, report);
  }
  if (!profile_.remote.watch_space) return room;
  room.ours = [this] { return bytes_on_remote(state_); };
  room.judge = [&, id, decide, reserve = room.reserve](std::uint64_t free, std::uint64_t most) {
    return decide(ask_of_free_space(reserve, space_need(&state_, id, job, plan, most), free,
                                    approval_of(plan.id, profile_.safety, options_.approve)));
  };
  return room;
}

/// False when a guard refused.
bool ProfileRun::execute(const Job& job, JobId id, const Plan& plan, JobReport& report) {
  Certainty certainty(job, state_, cancel_);
  Executor executor = this->executor();
  executor.set_room(room_for(job, id, plan, report, certainty));
  if (!report.refusals.empty()) return false;
  executor.set_max_delete(profile_.safety.max_delete);
  const ServerMemory& memory = remote_.memory();
  executor.set_known_names({memory.case_sensitive, kept_names(memory), lost_names(memory)});
  JobReport executed = executor.execute(job, id, report_.run, plan);
  remote_.saw(executor.connections_seen());
  const CaseGuard::Known& names = executor.known_names();
  remote_.set_case_sensitive(names.case_sensitive);
  remote_.set_names(names.kept | names.lost, names.kept);
  if (executor.ran_out_of_space() || executed.outcome == ExitCode::done)
    remember_full(state_, job, executor.ran_out_of_space());
  report = joined(std::move(report), std::move(executed));
  if (report.refusals.empty()) return true;
  refuse(std::exchange(report.refusals, {}), report);
  return false;
}

/// What went wrong is remembered, and keeps what it may be about; everything else goes as the policy says, or
/// one file that can't be read would fill the remote in the end.
void ProfileRun::retain(const Job& job, JobId id, JobReport& report) {
  const bool ended = report.outcome == ExitCode::done || report.outcome == ExitCode::incomplete;
  if (!ended || cancel_.cancelled()) return;
  snapshots_.push_back(id);
  remember_unstored(id, report);
  if (job.append_only) return;
  const auto retention =
      retention_of(state_, id, job, {report_.run, report_.started_ns, false, 0}, options_.approve);
  if (!retention) return;
  if (const auto warning = warning_about(*retention, job)) problem(report, *warning);
  for (const PutOff& put_off : retention->put_off) problem(report, warning_about(put_off, job));
  report.put_off = retention->put_off;
  forget(state_, id, report_.run, *retention);
  if (retention->garbage.objects == 0) return;
  JobReport expired = executor().expire(job, id, report_.run, state_.open_problems(id));
  expired.plan_id = report.plan_id;
  expired.planned = report.planned;
  report = joined(std::move(report), std::move(expired));
}

void ProfileRun::remember_unstored(JobId id, const JobReport& report) {
  std::vector<Unstored> files;
  for (const OpenProblem& problem : report.unstored)
    files.push_back({problem.path, problem.size, problem.reason});
  state_.set_unstored(id, report_.run, files);
}

void ProfileRun::tell_scan_problems(const Plan& plan, JobReport& report) {
  for (const ScanProblem& seen : plan.problems) {
    Problem told{Problem::Severity::note, report.job, printable(seen.path.bytes()), {}, {}};
    if (casts_doubt(seen)) {
      told.severity = Problem::Severity::error;
      told.message = fmt::format("can't be read: {}", seen.message);
      told.advice =
          "Give the user that runs outhaul read permission, or exclude the path; nothing below it is removed "
          "meanwhile.";
    } else if (seen.kind == ScanProblem::Kind::unreadable_xattr) {
      told.message = fmt::format("stored without all that belongs to it: {}", seen.message);
    } else {
      told.message = fmt::format("not stored: {}", seen.message);
    }
    problem(report, std::move(told));
  }
}

void ProfileRun::refuse(const std::vector<GuardRefusal>& refusals, JobReport& report) {
  report.refusals = refusals;
  for (const GuardRefusal& refusal : refusals)
    problem(report, {Problem::Severity::error, report.job, {}, refusal.message, refusal.advice});
  report.outcome = ExitCode::guard_refused;
}

void ProfileRun::problem(JobReport& report, Problem told) {
  environment_.events.on(ProblemFound{told});
  ++report.problem_count;
  if (told.severity == Problem::Severity::error)
    report.outcome = worst_of(report.outcome, ExitCode::incomplete);
  if (report.problems.size() < JobReport::kMaxProblems) report.problems.push_back(std::move(told));
}

Executor ProfileRun::executor() {
  return {remote_.remote(),
          state_,
          environment_.events,
          environment_.clock,
          cancel_,
          remote_.connections(),
          environment_.retry_for(profile_),
          environment_.connections,
          profile_.remote.bandwidth};
}

/// Some of the jobs are not the profile: what looks for its last success must not take this run for one.
std::string ProfileRun::note_on_partial_run() const {
  if (jobs_.size() == profile_.jobs.size()) return {};
  std::string names;
  for (const Job* job : jobs_) names += (names.empty() ? "" : ", ") + job->name;
  return fmt::format("only {} of {} jobs: {}", jobs_.size(), profile_.jobs.size(), names);
}

void ProfileRun::finish() {
  if (cancel_.cancelled()) {
    report_.outcome = worst_of(report_.outcome, outcome_when_stopped(cancel_));
    for (std::size_t i = report_.jobs.size(); i < jobs_.size(); ++i)
      report_.not_begun.push_back(jobs_[i]->name);
    const bool window = cancel_.reason() == kWindowEnded;
    report_.message = window ? "the window ended; there is more to do" : "stopped on request";
    report_.advice = "What was sent is kept; the next run goes on from there.";
  }
  std::uint64_t problems = 0;
  for (const JobReport& job : report_.jobs) {
    problems += job.problem_count;
    if (report_.message.empty() && job.outcome != ExitCode::done && !job.problems.empty()) {
      if (const Problem* decisive = decisive_problem(job)) report_.message = message_with_path(*decisive);
    }
  }
  if (!write_down(problems)) return;
  if (const std::optional<Problem> trouble = update_catalog()) {
    environment_.events.on(ProblemFound{*trouble});
    ++problems;
    const ExitCode end = ownership_.refusal()              ? ExitCode::guard_refused
                         : environment_.cancel.cancelled() ? outcome_when_stopped(environment_.cancel)
                                                           : ExitCode::incomplete;
    report_.outcome = worst_of(report_.outcome, end);
    if (report_.message.empty()) report_.message = trouble->message, report_.advice = trouble->advice;
    write_down(problems);
  }
}

/// False when the state can't hold the run's end: it looks like one that was cut off then, which is what the
/// next run makes the best of. What it did is in the report all the same.
bool ProfileRun::write_down(std::uint64_t problems) {
  report_.finished_ns = environment_.clock.now_ns();
  JobCounters total;
  for (const JobReport& job : report_.jobs) add_to(total, job.done);
  try {
    // All that the source has is stored and known again.
    if (report_.outcome == ExitCode::done && note_on_partial_run().empty()) state_.close_gap();
    state_.finish_run(report_.run, report_.finished_ns, report_.outcome, total, problems,
                      report_.message.empty() ? note_on_partial_run() : report_.message, snapshots_);
    return true;
  } catch (const Error& error) {
    report_.outcome = worst_of(report_.outcome, exit_code_for(error.kind()));
    if (report_.message.empty()) report_.message = error.what(), report_.advice = error.advice();
    return false;
  }
}

/// It has this run's end in it, so it comes after that is written down.
std::optional<Problem> ProfileRun::update_catalog() {
  const bool window = cancel_.reason() == kWindowEnded && !environment_.cancel.cancelled();
  if (!profile_.catalog || remote_lost_) return std::nullopt;
  if (cancel_.cancelled() && !window && report_.outcome != ExitCode::done)
    return std::nullopt;  // told already
  const FilesStored files = report_.outcome == ExitCode::done ? FilesStored::all : FilesStored::not_all;
  return store_catalog(state_, remote_.remote(), profile_, environment_, report_.run, window, files);
}
}  // namespace

RunReport run_profile(const Profile& profile, const RunOptions& options, const Environment& environment) {
  return ProfileRun(profile, options, environment).run();
}

}  // namespace outhaul
