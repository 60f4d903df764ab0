#include "job/planning.h"

#include <algorithm>

#include "base/nanoseconds.h"
#include "filter/patterns.h"
#include "job/append_only.h"
#include "job/attribute_trust.h"
#include "job/chosen_jobs.h"
#include "job/job.h"
#include "job/known_server.h"
#include "job/name_rules.h"
#include "job/remote_identity.h"
#include "job/retain.h"
#include "job/source_mount.h"
#include "job/space.h"
#include "outhaul/increment.h"
#include "plan/case_twins.h"
#include "plan/certain_removals.h"
#include "plan/planner.h"
#include "plan/too_large.h"
#include "scan/scanner.h"

namespace outhaul {
namespace {

/// The state of a profile that never ran.
class NoEntries final : public EntryStream {
 public:
  bool next(Entry&) override { return false; }
};

SourceFacts look_at(const Job& job, const GuardPolicy& safety, std::optional<SourceMount> mount_before,
                    const Environment& environment) {
  SourceFacts facts;
  facts.source = job.source.native();
  facts.mount_before = std::move(mount_before);
  std::error_code fault;
  // Any other error than "not there" is for the scan to name.
  facts.exists = std::filesystem::status(job.source, fault).type() != std::filesystem::file_type::not_found;
  for (const std::string& marker : safety.require)
    if (!std::filesystem::exists(marker, fault)) facts.missing_markers.push_back(marker);
  if (facts.exists) facts.mount = environment.see_mount(job.source);
  return facts;
}

/// As a run would: what one job adds and takes away is there, or not, when the next one's turn comes.
void judge_quota(const Profile& profile, const State* state, std::optional<JobId> id,
                 const std::vector<std::string>& approve, const CancelToken& cancel, SpaceUse& use,
                 PlannedJob& planned) {
  if (!profile.remote.quota || !planned.refusals.empty()) return;
  const Plan& plan = planned.plan;
  const SpaceNeed need = space_need(state, id, *planned.job, plan);
  SpaceQuestion question =
      ask_of_quota(catalog_reserve(profile, state, plan), *profile.remote.quota, need, use, approval_of(plan.id, profile.safety, approve));
  std::uint64_t removals = 0;
  const std::uint64_t versions = may_go_first(planned.retention);
  question.removals = [&]() -> std::uint64_t {
    if (state == nullptr) return 0;
    Certainty certainty(*planned.job, *state, cancel);
    return removals = removable_first(*planned.job, plan, certainty);
  };
  question.versions = [&]() -> std::uint64_t {
    const auto doubtful = [](const ScanProblem& problem) { return casts_doubt(problem); };
    return std::ranges::any_of(plan.problems, doubtful) ? 0 : versions;
  };
  SpaceVerdict verdict = decide_space(question);
  planned.removals_first = verdict.first.removals;
  planned.versions_first = verdict.first.versions;
  planned.first_bytes = (verdict.first.removals ? removals : 0) + (verdict.first.versions ? versions : 0);
  if (verdict.refusal) return planned.refusals.push_back(std::move(*verdict.refusal));
  use = use_after(use, need, *planned.job, plan, planned.retention);
}

void mark_changing(Plan& plan, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return;
  const Filter accepted(patterns);
  for (Action& action : plan.actions)
    if (action.entry.kind == EntryKind::file)
      action.changing = accepted.decide(action.entry.path, false).excluded;
}

/// What a run will do about names that the server is known not to keep. True when that changes the plan.
bool escape_what_is_lost(const State& state, JobId id, Job& job, const Plan& plan, const OddNames& lost) {
  const OddNames chosen = escapable(state, id, job, odd_new_names(plan, job.names) & lost);
  job.names.escaped = job.names.escaped | chosen;
  return chosen.any();
}

}  // namespace

Known known_of(const State& state, JobId id, const Job& job) {
  // Where the source lay in a night that stored nothing binds nobody.
  return {state.entries(id), has_stored(state, id) ? recall_mount(state, job) : std::nullopt,
          attributes_known_ns(state, job)};
}

Judged plan_job(const Profile& profile, const Job& job, Known known, const std::vector<std::string>& approve,
                const Environment& environment) {
  const SourceFacts facts = look_at(job, profile.safety, std::move(known.mount), environment);
  Judged judged;
  judged.mount = facts.mount;
  if (facts.exists && facts.missing_markers.empty()) {
    const Filter filter(job.exclude);
    const auto scanned = scan({job.source, job.one_file_system, environment.state_dir(profile), job.xattrs,
                               known.attributes_ns.has_value(), job.leave_out},
                              filter, environment.cancel);
    if (!known.stored) known.stored = std::make_unique<NoEntries>();
    const PlanPolicy policy{job.on_removal, job.compare,
                            job.append_only ? longest_increment_dir(job.target) : job.target, job.names,
                            known.attributes_ns, job.remote_modes};
    judged.plan = make_plan(*scanned, *known.stored, policy, [&](const DiffCounts& counts) {
      environment.events.on(ScanProgress{counts.scanned_files, counts.scanned_dirs, counts.scanned_bytes});
    });
    mark_changing(judged.plan, job.changing);
    if (profile.remote.quota) withhold_larger_than(*profile.remote.quota, judged.plan);
  }
  judged.refusals = judge(judged.plan, facts, profile.safety, approve);
  return judged;
}

bool casts_doubt(const ScanProblem& problem) {
  return problem.kind == ScanProblem::Kind::unreadable_directory ||
         problem.kind == ScanProblem::Kind::unreadable_entry;
}

void plan_profile(const Profile& profile, const RunOptions& options, const Environment& environment,
                  const std::function<void(PlannedJob&&)>& each) {
  const std::filesystem::path dir = environment.state_dir(profile);
  std::optional<State> state;
  if (has_state(dir)) state = State::open(dir, profile.name, State::Open::read_only);
  if (state && !options.remote_moved) check_remote(*state, profile.remote);
  SpaceUse use = space_use(state ? &*state : nullptr);
  const OddNames lost = state ? lost_names(recall_server(*state, profile.remote)) : OddNames{};
  for (const Job* job : chosen_jobs(profile, options.jobs)) {
    if (state) check_name_rules(*state, *job);
    if (state) check_append_only(*state, *job);
    environment.events.on(JobStarted{job->name, job->source.native(), job->target.wire()});
    PlannedJob planned;
    planned.job = job;
    const std::optional<JobId> found = state ? state->find_job(job->name, job->target) : std::nullopt;
    const JobId id = found.value_or(JobId{});
    Known known;
    if (found) {
      for (const Part& part : state->parts(id)) planned.unsettled += part.stage != Part::Stage::sending;
      planned.unsettled += state->intents(id).size();
      known = known_of(*state, id, *job);
    }
    Job as_stored = state ? with_known_names(*state, *job) : *job;
    Judged judged = plan_job(profile, as_stored, std::move(known), options.approve, environment);
    if (found && escape_what_is_lost(*state, id, as_stored, judged.plan, lost))
      judged = plan_job(profile, as_stored, known_of(*state, id, *job), options.approve, environment);
    planned.plan = std::move(judged.plan);
    planned.refusals = std::move(judged.refusals);
    if (found) {
      std::vector<RelPath> failing;
      for (const OpenProblem& problem : state->open_problems(id))
        if (!problem.path.empty()) failing.push_back(problem.path);
      planned.removals_in_doubt = removals_beside(planned.plan, failing);
      const std::vector<RunRow> newest = state->runs(1);
      const RunId tonight{newest.empty() ? 1 : static_cast<std::int64_t>(newest.front().run) + 1};
      planned.retention =
          retention_of(*state, id, *job, {tonight, environment.clock.now_ns(), false, 0}, options.approve);
    }
    judge_quota(profile, state ? &*state : nullptr, found, options.approve, environment.cancel, use, planned);
    each(std::move(planned));
  }
}

}  // namespace outhaul
