#include "job/adopt.h"

#include <fmt/format.h>

#include <functional>

#include "adopt/adopter.h"
#include "filter/patterns.h"
#include "job/append_only.h"
#include "job/beginning.h"
#include "job/chosen_jobs.h"
#include "job/deadline.h"
#include "job/job_facts.h"
#include "job/known_remote.h"
#include "job/name_rules.h"
#include "job/ownership.h"
#include "job/remote_identity.h"
#include "outhaul/counted.h"
#include "scan/scanner.h"
#include "state/lock.h"

namespace outhaul {
namespace {

constexpr std::string_view kUnderWay = "under way";

class ProfileAdoption {
 public:
  ProfileAdoption(const Profile& profile, const AdoptChoices& choices, const Environment& environment)
      : profile_(profile),
        choices_(choices),
        environment_(environment),
        jobs_(chosen_jobs(profile, choices.jobs)),
        lock_(choices.dry_run
                  ? std::nullopt
                  : std::optional(StateLock::take(environment.state_dir(profile), "adopt " + profile.name))),
        state_(open_state()),
        remote_(profile, state_ ? &*state_ : nullptr, environment) {}

  AdoptReport run() {
    if (state_) check_remote(*state_, profile_.remote);
    for (const Job* job : jobs_) refuse_known_job(*job);
    report_.profile = profile_.name;
    report_.remote = profile_.remote.url;
    report_.compare = choices_.compare;
    report_.dry_run = choices_.dry_run;
    report_.started_ns = environment_.clock.now_ns();
    if (!choices_.dry_run) {
      begin();
      attempt([&] {
        report_.taken_over_from = take_remote_over(profile_, *state_, remote_.remote(), environment_).from;
      });
    }
    for (const Job* job : jobs_)
      if (report_.message.empty()) attempt([&] { adopt(state_ ? with_known_names(*state_, *job) : *job); });
    finish();
    return std::move(report_);
  }

 private:
  /// A dry run makes none.
  std::optional<State> open_state() const {
    const std::filesystem::path dir = environment_.state_dir(profile_);
    if (!choices_.dry_run) return State::open(dir, profile_.name, State::Open::create_if_missing);
    if (!has_state(dir)) return std::nullopt;
    return State::open(dir, profile_.name, State::Open::read_only);
  }

  bool under_way(const Job& job) const { return state_->server_fact(fact_scope(job.name), kAdoptFact) == kUnderWay; }

  void refuse_known_job(const Job& job) const {
    const auto id = state_ ? state_->find_job(job.name, job.target) : std::nullopt;
    if (!id || under_way(job)) return;
    Entry any;
    if (!state_->entries(*id)->next(any)) return;
    throw Error(
        ErrorKind::usage,
        fmt::format("job \"{}\" has been run already: its state knows what is on the remote", job.name),
        "Let `outhaul run` send what differs. To take a tree over that others made at this target, give the "
        "job a new name, or move the state away.");
  }

  void begin() {
    remember_remote(*state_, profile_.remote);
    for (const Job* job : jobs_) {
      remember_name_rules(*state_, *job);
      remember_append_only(*state_, *job);
    }
    report_.run = state_->begin_run(report_.started_ns);
  }

  /// What goes wrong ends the adoption, and is told by its report.
  void attempt(const std::function<void()>& act) {
    try {
      act();
    } catch (const RemoteError& error) {
      report_.message = error.what();
      report_.advice = error.advice();
      report_.outcome =
          error.failure() == FailureClass::cancelled ? ExitCode::interrupted : ExitCode::remote_unusable;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::state || error.kind() == ErrorKind::local_io) throw;
      report_.message = error.what();
      report_.advice = error.advice();
      report_.outcome =
          error.kind() == ErrorKind::cancelled ? ExitCode::interrupted : exit_code_for(error.kind());
    }
  }

  void adopt(const Job& job) {
    environment_.events.on(JobStarted{job.name, job.source.native(), job.target.wire()});
    const Filter filter(job.exclude);
    const auto scanned = scan({.source = job.source,
                               .one_file_system = job.one_file_system,
                               .leave_out = environment_.state_dir(profile_),
                               .rules = job.leave_out},
                              filter, environment_.cancel);
    JobId id{};
    if (!choices_.dry_run) {
      id = state_->job(job.name, job.target);
      state_->set_server_fact(fact_scope(job.name), kAdoptFact, kUnderWay);
    }
    std::optional<Throttle> throttle;
    if (!profile_.remote.bandwidth.empty())
      throttle.emplace(profile_.remote.bandwidth, environment_.clock, environment_.events);
    const AdoptContext context{choices_.dry_run ? nullptr : &*state_,
                               remote_.remote(),
                               environment_.events,
                               environment_.clock,
                               environment_.cancel,
                               remote_.connections(),
                               environment_.retry_for(profile_),
                               throttle ? &*throttle : nullptr,
                               profile_.safety,
                               choices_.approve};
    report_.jobs.push_back(Adopter(context, job, choices_.compare, times()).adopt(*scanned, id, report_.run));
    const JobAdoption& done = report_.jobs.back();
    if (!done.refusals.empty()) report_.outcome = worst_of(report_.outcome, ExitCode::guard_refused);
    if (!done.problems.empty()) report_.outcome = worst_of(report_.outcome, ExitCode::incomplete);
    // With foreign files that are still to be deleted it may be called again.
    const bool ended = done.refusals.empty() && done.problems.empty();
    if (choices_.dry_run || !ended) return;
    state_->forget_server_fact(fact_scope(job.name), kAdoptFact);
    remember_as_own(*state_, job);
  }

  /// Only MLSD and a mounted disk tell seconds in UTC. Which of MLSD and LIST a server has shows with its
  /// first listing; what earlier runs learned is not trusted for this.
  TimesAre times() {
    if (profile_.remote.scheme == Scheme::file) return TimesAre::seconds;
    if (profile_.remote.scheme == Scheme::sftp || choices_.compare != AdoptCompare::mtime)
      return TimesAre::text;
    try {
      remote_.remote().open_lane(environment_.cancel)->list(jobs_.front()->target);
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
    }
    return remote_.remote().memory().mlsd.value_or(false) ? TimesAre::seconds : TimesAre::text;
  }

  void finish() {
    if (report_.outcome == ExitCode::interrupted) report_.outcome = outcome_when_stopped(environment_.cancel);
    report_.finished_ns = environment_.clock.now_ns();
    if (choices_.dry_run) return;
    remote_.remember_in(*state_);
    std::uint64_t files = 0;
    for (const JobAdoption& job : report_.jobs) files += job.files;
    state_->finish_run(report_.run, report_.finished_ns, report_.outcome, {}, 0,
                       report_.message.empty() ? fmt::format("adopt: {} taken over", counted(files, "file"))
                                               : report_.message);
  }

  const Profile& profile_;
  const AdoptChoices& choices_;
  const Environment& environment_;
  std::vector<const Job*> jobs_;
  std::optional<StateLock> lock_;
  std::optional<State> state_;  ///< none: a dry run of a profile that never ran
  KnownRemote remote_;
  AdoptReport report_;
};

}  // namespace

AdoptReport adopt_profile(const Profile& profile, const AdoptChoices& choices,
                          const Environment& environment) {
  return ProfileAdoption(profile, choices, environment).run();
}

}  // namespace outhaul
