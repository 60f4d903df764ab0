#include "job/space.h"

#include <map>

namespace outhaul {

SpaceUse space_use(const State* state) {
  if (state == nullptr) return {};
  const State::Totals totals = state->totals();
  return {totals.bytes, totals.version_bytes, totals.kept_bytes, totals.catalog_bytes};
}

SpaceNeed space_need(const State* state, std::optional<JobId> id, const Job& job, const Plan& plan) {
  std::map<RelPath, std::uint64_t> there;
  if (state != nullptr && id)
    for (const Part& part : state->parts(*id)) there[part.path] = part.sent.value_or(part.source.size);
  SpaceNeed need;
  for (const Action& action : plan.actions) {
    if (action.kind != ActionKind::upload) continue;
    std::uint64_t freed = 0;
    if (state != nullptr && action.entry.object != kNoObject && !job.keeps_versions())
      if (const auto object = state->object(action.entry.object)) freed = object->size;
    const auto part = there.find(action.entry.path);
    need.upload(action.entry.size, freed, part == there.end() ? 0 : part->second);
  }
  return need;
}

std::uint64_t may_go_first(const std::optional<Retention>& retention) noexcept {
  if (!retention || retention->runs.size() < 2) return 0;
  const bool newest_stays = retention->runs[retention->runs.size() - 2].kept;
  return newest_stays ? retention->garbage.bytes : 0;
}

}  // namespace outhaul
