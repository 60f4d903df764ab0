#include "job/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/nanoseconds.h"
#include "job/job_facts.h"
#include "plan/certain_removals.h"

namespace outhaul {
namespace {

/// The manifest, what explains it, and the changes of a small run.
constexpr std::uint64_t kSmallCatalog = 16 * 1024;
/// Compressed: a digest, a name, times.
constexpr std::uint64_t kCatalogPerFile = 128;

}  // namespace

SpaceUse space_use(const State* state) {
  if (state == nullptr) return {};
  const State::Totals totals = state->totals();
  return {totals.bytes, totals.version_bytes, totals.kept_bytes, totals.catalog_bytes};
}

std::uint64_t bytes_on_remote(const State& state) {
  std::uint64_t bytes = space_use(&state).all();
  for (const std::string& name : state.job_names())
    if (const std::optional<JobId> id = state.find_job(name))
      for (const Part& part : state.parts(*id))
        bytes = clamped_sum(bytes, part.sent.value_or(part.source.size));
  return bytes;
}

SpaceNeed space_need(const State* state, std::optional<JobId> id, const Job& job, const Plan& plan,
                     std::uint64_t most) {
  std::map<RelPath, std::uint64_t> there;
  if (state != nullptr && id)
    for (const Part& part : state->parts(*id)) there[part.path] = part.sent.value_or(part.source.size);
  SpaceNeed need;
  for (const Action& action : plan.actions) {
    if (action.kind != ActionKind::upload || action.entry.size > most) continue;
    std::uint64_t freed = 0;
    if (state != nullptr && action.entry.object != kNoObject && !job.keeps_versions())
      if (const auto object = state->object(action.entry.object)) freed = object->size;
    const auto part = there.find(action.entry.path);
    need.upload(action.entry.size, freed, part == there.end() ? 0 : part->second);
  }
  return need;
}

SpaceUse use_after(SpaceUse use, const SpaceNeed& need, const Job& job, const Plan& plan,
                   const std::optional<Retention>& retention) {
  const std::uint64_t removed = job.append_only ? 0 : plan.counts.remove_bytes;
  const std::int64_t more = need.in_the_end();
  use.tree = more >= 0 ? clamped_sum(use.tree, static_cast<std::uint64_t>(more))
                       : clamped_difference(
                             use.tree, static_cast<std::uint64_t>(clamped_difference(std::int64_t{0}, more)));
  use.tree = clamped_difference(use.tree, removed);
  if (retention && !job.append_only) use.versions -= std::min(use.versions, retention->garbage.bytes);
  return use;
}

SpaceQuestion ask_of_quota(std::uint64_t reserve, std::uint64_t quota, const SpaceNeed& need,
                           const SpaceUse& use, const PlanApproval& approval) {
  SpaceQuestion question;
  question.too_much = [=](std::uint64_t freed, std::uint64_t left) {
    return over_quota(use, need.with(left), quota, freed, approval);
  };
  question.reserve = reserve;
  question.approved = approval.given;
  return question;
}

SpaceQuestion ask_of_free_space(std::uint64_t reserve, const SpaceNeed& need, std::uint64_t free,
                                const PlanApproval& approval) {
  SpaceQuestion question;
  question.too_much = [=](std::uint64_t freed, std::uint64_t left) {
    return over_free_space(free, need.with(left), freed, approval);
  };
  question.reserve = reserve;
  question.approved = approval.given;
  return question;
}

std::uint64_t removable_first(const Job& job, const Plan& plan, Certainty& certainty) {
  if (job.append_only) return 0;
  std::uint64_t bytes = 0;
  for (const Action* action : certainty.certain(removals_of(plan), unstored_files_of(plan)))
    bytes = clamped_sum(bytes, action->entry.size);
  return bytes;
}

std::uint64_t catalog_reserve(const Profile& profile, const State* state, const Plan& plan) {
  if (!profile.catalog) return 0;
  std::uint64_t largest = 0;
  if (state != nullptr)
    for (const CatalogFile& file : state->catalog().files) largest = std::max(largest, file.size);
  return kSmallCatalog + std::max(largest, kCatalogPerFile * plan.counts.scanned_files);
}

bool was_full(const State& state, const Job& job) {
  return state.server_fact(fact_scope(job.name), kRemoteFullFact).has_value();
}

void remember_full(State& state, const Job& job, bool full) {
  if (full == was_full(state, job)) return;
  Transaction transaction = state.begin();
  if (full)
    state.set_server_fact(fact_scope(job.name), kRemoteFullFact, "yes");
  else
    state.forget_server_fact(fact_scope(job.name), kRemoteFullFact);
  transaction.commit();
}

std::uint64_t may_go_first(const std::optional<Retention>& retention) noexcept {
  if (!retention || retention->runs.size() < 2) return 0;
  const bool newest_stays = retention->runs[retention->runs.size() - 2].kept;
  return newest_stays ? retention->garbage.bytes : 0;
}

}  // namespace outhaul
