// run, plan and mirror.
#include <fmt/format.h>

#include "base/log.h"
#include "cli/alarm_bell.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/event_log.h"
#include "cli/mirror_profile.h"
#include "cli/terminal_output.h"
#include "job/deadline.h"
#include "job/job.h"
#include "job/verify.h"
#include "outhaul/counted.h"
#include "profile/decode.h"
#include "report/json.h"
#include "report/text.h"

namespace outhaul::cli {
namespace {

/// A timer that comes late, or a slip of the pen, makes a window of a whole day.
void mention_a_long_window(const std::string& until, std::int64_t length_ns) {
  constexpr std::int64_t kSuspicious = 20LL * 3600 * 1'000'000'000;
  if (length_ns > kSuspicious)
    complain(fmt::format("note: it is past {} today: the window ends at {} tomorrow", until, until));
}

RunOptions options_for(const Profile& profile, const RunChoices& choices, std::int64_t now_ns) {
  RunOptions options;
  options.jobs = choices.jobs;
  options.approve = choices.approve;
  options.remote_moved = choices.remote_moved;
  const std::string& until = choices.until.empty() ? profile.until : choices.until;
  if (until.empty()) return options;
  options.until_ns = next_local_time(until, now_ns);
  mention_a_long_window(until, *options.until_ns - now_ns);
  return options;
}

ExitCode outcome_of(const PlannedJob& planned) {
  if (!planned.refusals.empty()) return ExitCode::guard_refused;
  for (const ScanProblem& problem : planned.plan.problems)
    if (problem.kind == ScanProblem::Kind::unreadable_directory ||
        problem.kind == ScanProblem::Kind::unreadable_entry)
      return ExitCode::incomplete;
  for (const Action& action : planned.plan.actions)
    if (action.kind == ActionKind::withhold && action.reason != Reason::under_doubt)
      return ExitCode::incomplete;
  return ExitCode::done;
}

ExitCode show_plan(const Common& common, const RunChoices& choices, const RunOptions& options,
                   const Profile& profile, const Environment& environment, Progress& display) {
  std::vector<PlannedJob> planned;
  plan_profile(profile, options, environment, [&](PlannedJob&& job) { planned.push_back(std::move(job)); });
  display.finish();
  ExitCode outcome = ExitCode::done;
  std::vector<JobPlan> shown;
  for (const PlannedJob& job : planned) {
    outcome = worst_of(outcome, outcome_of(job));
    const Plan* plan = job.plan.id.empty() ? nullptr : &job.plan;  // no source, no plan
    shown.push_back({job.job->name, job.job->source.native(), job.job->target.wire(), plan, job.refusals,
                     profile.remote.url, job.retention ? &*job.retention : nullptr, job.removals_first,
                     job.versions_first, job.first_bytes});
    if (job.removals_in_doubt > 0)
      complain(
          fmt::format("note: {}: {} of the planned removals are put off if what could not be stored lately "
                      "fails again: it lies in "
                      "or below the same directories (outhaul status)",
                      job.job->name, job.removals_in_doubt));
    if (job.unsettled > 0)
      complain(
          fmt::format("note: {} changes of an interrupted run will be settled first, so the plan may shrink",
                      job.unsettled));
  }
  print(common.json ? plan_json(profile.name, shown) + "\n" : plan_text(shown, choices.most));
  return outcome;
}

/// The run as it is told: no success where versions are lost, which it can't mend, or nobody can tell.
RunReport after_repair(RunReport report, const VerifyReport& found) {
  const std::uint64_t lost = found.counts.versions_lost, unproven = found.counts.unproven;
  if (lost + unproven == 0) return report;
  report.outcome = worst_of(report.outcome, ExitCode::incomplete);
  if (!report.message.empty()) return report;
  if (lost != 0) {
    report.message = fmt::format("{} {} lost on the remote, and no run can bring {} back",
                                 counted(lost, "older version"), lost == 1 ? "is" : "are",
                                 lost == 1 ? "it" : "them");
    report.advice = "What the source still holds is stored. Find out what deletes files there.";
  } else {
    report.message = fmt::format("of {} nobody can tell whether {} there", counted(unproven, "file"),
                                 unproven == 1 ? "it is" : "they are");
    report.advice = "`outhaul verify --read-data` reads what the server won't tell of.";
  }
  return report;
}

/// A verification that found something wrong is what --repair is for; one that ended early or was refused
/// leaves nothing for a run to go by.
std::optional<ExitCode> verify_first(const Common& common, const RunOptions& options, const Profile& profile,
                                     const Environment& environment, Progress& display,
                                     VerifyReport& report) {
  if (!has_state(environment.state_dir(profile))) return std::nullopt;  // a first run sends everything
  VerifyChoices choices;
  choices.jobs = options.jobs;
  choices.read = ReadChoice{};
  choices.approve = options.approve;
  choices.remote_moved = options.remote_moved;
  report = verify_profile(profile, choices, environment);
  if (report.outcome == ExitCode::done || report.outcome == ExitCode::incomplete) return std::nullopt;
  display.finish();
  if (common.json)
    print(verify_json(report) + "\n");
  else
    print(verify_text(report));
  return report.outcome;
}

/// A run of which a verification was all.
RunReport report_of(const VerifyReport& found, ExitCode outcome) {
  RunReport report;
  report.profile = found.profile;
  report.remote = found.remote;
  report.started_ns = found.started_ns;
  report.finished_ns = found.finished_ns;
  report.outcome = outcome;
  report.message = found.message;
  report.advice = found.advice;
  return report;
}

ExitCode carry_out(const Common& common, const RunChoices& run, const RunOptions& options,
                   const Profile& profile, const Environment& environment, Progress& display) {
  AlarmBell alarms(profile, environment.state_dir(profile), environment.clock);
  alarms.started();
  VerifyReport found;
  RunReport report;
  try {
    if (run.repair)
      if (const auto ended = verify_first(common, options, profile, environment, display, found)) {
        alarms.ended(report_of(found, *ended));
        return *ended;
      }
    report = run_profile(profile, options, environment);
  } catch (const Error& error) {
    display.finish();
    alarms.ended(alarms.report_of(error));
    throw;
  }
  display.finish();
  report = after_repair(std::move(report), found);
  alarms.ended(report);
  if (common.json)
    print(run_json(report) + "\n");
  else if (!common.quiet)
    print(run_text(report));
  return report.outcome;
}

ExitCode run_profiles(const Common& common, const RunChoices& choices, const std::vector<Profile>& profiles,
                      const CancelToken& cancel) {
  const std::filesystem::path state_root = find_state_root(common.state_dir);
  ExitCode outcome = ExitCode::done;
  SystemClock clock;
  // One moment for all windows: what is left of one when the last profile's turn comes is not a day.
  const std::int64_t now_ns = clock.now_ns();
  for (const Profile& profile : profiles) {
    const RunOptions options = options_for(profile, choices, now_ns);
    const std::unique_ptr<Progress> display = display_for(common);
    EventLog events(*display);
    const Environment environment{state_root, events, clock, cancel, real_remotes(cancel), {}, {}};
    try {
      outcome = worst_of(outcome, (choices.dry_run ? show_plan : carry_out)(common, choices, options, profile,
                                                                            environment, *display));
    } catch (const Error& error) {
      display->finish();
      complain(error);
      log::write(log::Level::error, error.what());
      outcome = worst_of(outcome, exit_code_for(error.kind()));
    }
    if (cancel.cancelled())
      return worst_of(outcome, cancel.reason() == 2 ? ExitCode::interrupted : ExitCode::terminated);
  }
  return outcome;
}

}  // namespace

ExitCode run(const Common& common, const RunChoices& choices, const ProfileFiles& files,
             const CancelToken& cancel) {
  std::vector<Profile> profiles;
  const ExitCode unread =
      load_profiles(files, [&](Profile&& profile) { profiles.push_back(std::move(profile)); });
  return worst_of(unread, run_profiles(common, choices, profiles, cancel));
}

ExitCode mirror(const Common& common, const RunChoices& choices, const MirrorChoices& what,
                const CancelToken& cancel) {
  return run_profiles(common, choices, {mirror_profile(what)}, cancel);
}

}  // namespace outhaul::cli
