#include "job/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/check.h"
#include "execute/executor.h"
#include "job/chosen_jobs.h"
#include "job/deadline.h"
#include "job/known_remote.h"
#include "job/name_rules.h"
#include "job/ownership.h"
#include "job/remote_identity.h"
#include "profile/quantity.h"
#include "state/lock.h"
#include "state/state.h"
#include "verify/verify.h"

namespace outhaul {
namespace {

constexpr std::string_view kVerifyScope = "verify", kUndecided = "undecided";

class ProfileVerification {
 public:
  ProfileVerification(const Profile& profile, const VerifyChoices& choices, const Environment& environment)
      : profile_(profile),
        choices_(choices),
        environment_(environment),
        jobs_(chosen_jobs(profile, choices.jobs)),
        lock_(StateLock::take(environment.state_dir(profile), "verify " + profile.name)),
        state_(State::open(environment.state_dir(profile), profile.name, State::Open::must_exist)),
        ownership_(profile, state_, environment, OwnershipGate::Claim::never),
        remote_(profile, &state_, environment, ownership_.gate()) {}

  VerifyReport run() {
    if (!choices_.remote_moved) check_remote(state_, profile_.remote);
    find_jobs();
    VerifyReport report;
    ConnectionUse seen;
    newest_change_ = state_.newest_change();  // before what is found here is written down
    if (!settle(report)) {
      report.started_ns = report.finished_ns = environment_.clock.now_ns();
    } else {
      report = verify_objects(
          {state_, remote_.remote(), environment_.events, environment_.clock, environment_.cancel,
           remote_.connections(), environment_.retry_for(profile_), profile_.remote.bandwidth,
           profile_.claims_remote ? owner_file() : RemotePath{}},
          known_jobs_, options(), &seen);
    }
    if (report.outcome == ExitCode::done || report.outcome == ExitCode::incomplete) check_catalog(report);
    remote_.saw(seen);
    remote_.remember_in(state_);
    judge_mark(report);
    remember_undecided(report);
    if (const auto refusal = ownership_.refusal()) {
      report.refusals = {*refusal};
      report.outcome = ExitCode::guard_refused;
    }
    report.profile = profile_.name;
    report.remote = profile_.remote.url;
    if (report.outcome == ExitCode::interrupted) report.outcome = outcome_when_stopped(environment_.cancel);
    return report;
  }

 private:
  /// A job that never ran has nothing on the remote that could be missing.
  void find_jobs() {
    for (const Job* job : jobs_)
      if (const auto id = state_.find_job(job->name, job->target)) {
        check_name_rules(state_, *job);
        known_jobs_.push_back(
            {job->name, {*id, job->target, with_known_names(state_, *job).names, job->append_only}});
      } else {
        environment_.events.on(
            Notice{fmt::format("job \"{}\" never ran: there is nothing to verify", job->name)});
      }
  }

  VerifyOptions options() const {
    VerifyOptions options;
    options.all_jobs = jobs_.size() == profile_.jobs.size();
    options.safety = profile_.safety;
    options.approved = choices_.approve;
    if (choices_.read)
      options.read = *choices_.read;
    else if (profile_.read_all_within.count() > 0)
      options.read = read_choice("", profile_);
    return options;
  }

  /// Until then nobody knows what stands under some of the names. False when that failed.
  bool settle(VerifyReport& report) {
    std::optional<RunId> run;
    ExitCode outcome = ExitCode::done;
    for (std::size_t i = 0; i < known_jobs_.size() && outcome == ExitCode::done; ++i) {
      const JobId id = known_jobs_[i].scope.id;
      if (!needs_settling(state_, id)) continue;
      if (!run) run = state_.begin_run(environment_.clock.now_ns());
      Executor executor(remote_.remote(), state_, environment_.events, environment_.clock,
                        environment_.cancel, remote_.connections(), environment_.retry_for(profile_),
                        environment_.connections, profile_.remote.bandwidth);
      const Job* job = *std::ranges::find(jobs_, known_jobs_[i].name, [](const Job* j) { return j->name; });
      const JobReport settled = executor.settle(*job, id, *run);
      outcome = settled.outcome;
      if (outcome == ExitCode::done) continue;
      report.outcome = outcome;
      report.message = "what an interrupted run left half done could not be settled";
      report.advice = "Mend what the problem above names, and verify again.";
      for (const Problem& problem : settled.problems)
        if (problem.severity == Problem::Severity::error) report.message = problem.message;
    }
    if (run)
      state_.finish_run(*run, environment_.clock.now_ns(), outcome, {}, 0,
                        "verify: settled what an interrupted run had left");
    return outcome == ExitCode::done;
  }

  void remember_undecided(const VerifyReport& report) {
    for (const GuardRefusal& refusal : report.refusals)
      if (refusal.guard == Guard::mass_loss)
        return state_.set_server_fact(kVerifyScope, kUndecided, refusal.message);
    const bool looked = report.outcome == ExitCode::done || report.outcome == ExitCode::incomplete;
    if (looked && jobs_.size() == profile_.jobs.size() && undecided_loss(state_))
      state_.forget_server_fact(kVerifyScope, kUndecided);
  }

  /// Once everything has been looked at, the state knows what is there: the next run may mark the remote anew.
  void judge_mark(const VerifyReport& report) {
    const bool looked = report.outcome == ExitCode::done || report.outcome == ExitCode::incomplete;
    if (ownership_.marked()) return remember_mark(state_, profile_);
    if (!ownership_.lost_its_mark() || !looked || jobs_.size() != profile_.jobs.size()) return;
    forget_mark(state_);
    environment_.events.on(ProblemFound{{Problem::Severity::note, {}, ".outhaul",
                                         "the remote no longer has the mark of this backup; the next run leaves "
                                         "it there again",
                                         "Somebody has removed it, or this is another place."}});
  }

  /// Nothing else looks at it before the day on which it is all that is left.
  void check_catalog(VerifyReport& report) {
    if (!profile_.catalog || ownership_.refusal()) return;
    try {
      Carrier carrier({remote_.remote(), environment_.retry_for(profile_), environment_.clock,
                       environment_.cancel, environment_.events, profile_.append_only()});
      const bool read = options().read.how != ReadChoice::How::nothing;
      const CatalogCheck check =
          outhaul::check_catalog(state_, carrier, profile_.name, environment_.state_dir(profile_), read, newest_change_);
      report.counts.catalog = check.files;
      report.counts.catalog_wrong = check.findings.size();
      for (const VerifyFinding& finding : check.findings) tell(finding, report);
      report.renews_catalog = check.needs_base || check.needs_manifest;
      if (check.replayed) state_.set_catalog_replayed(state_.catalog().generation);
      if (check.needs_base) state_.renew_catalog_base();
      if (check.needs_manifest) state_.renew_catalog_manifest();
    } catch (const RemoteError& error) {
      const bool cancelled = error.failure() == FailureClass::cancelled;
      not_checked(report, error, cancelled ? ExitCode::interrupted : ExitCode::remote_unusable);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::state) throw;
      not_checked(report, error, ExitCode::failed);
    }
  }

  /// What was found before that stays told.
  static void not_checked(VerifyReport& report, const Error& error, ExitCode outcome) {
    report.outcome = worst_of(report.outcome, outcome);
    report.message = fmt::format("the catalog could not be checked: {}", error.what());
    report.advice = error.advice();
  }

  void tell(const VerifyFinding& finding, VerifyReport& report) {
    environment_.events.on(
        ProblemFound{{Problem::Severity::error, {}, printable(finding.path.wire()), finding.message, {}}});
    ++report.finding_count;
    if (report.findings.size() < VerifyReport::kMaxFindings) report.findings.push_back(finding);
    report.outcome = ExitCode::incomplete;
  }

  const Profile& profile_;
  const VerifyChoices& choices_;
  const Environment& environment_;
  std::vector<const Job*> jobs_;
  StateLock lock_;
  State state_;
  RunId newest_change_ = kNoRun;  ///< when it began
  OwnershipGate ownership_;
  KnownRemote remote_;
  std::vector<VerifyJob> known_jobs_;
};

}  // namespace

std::optional<std::string> undecided_loss(const State& state) {
  return state.server_fact(kVerifyScope, kUndecided);
}

VerifyReport verify_profile(const Profile& profile, const VerifyChoices& choices,
                            const Environment& environment) {
  if (!has_state(environment.state_dir(profile)))
    throw Error(
        ErrorKind::usage,
        fmt::format("profile \"{}\" never ran here: there is no state to compare the remote with",
                    profile.name),
        fmt::format("Run it first. If its state was lost, \"outhaul recover\" brings it back; if it lies "
                    "elsewhere, name its directory with --state-dir (now {}).",
                    printable(environment.state_root.native())));
  return ProfileVerification(profile, choices, environment).run();
}

ReadChoice read_choice(const std::string& text, const Profile& profile) {
  if (text.empty() || text == "all") {
    if (profile.read_all_within.count() == 0) return {ReadChoice::How::all, 100, 0};
    return {ReadChoice::How::due, 0,
            std::chrono::duration_cast<std::chrono::nanoseconds>(profile.read_all_within).count()};
  }
  if (const auto percent = parse_percent(text); percent && *percent > 0)
    return {*percent >= 100 ? ReadChoice::How::all : ReadChoice::How::percent, *percent, 0};
  throw Error(ErrorKind::usage, fmt::format("--read-data={}: not a share", printable(text)),
              "Write --read-data=10% for the tenth that was read longest ago, or --read-data alone.");
}

}  // namespace outhaul
