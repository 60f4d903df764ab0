#include "execute/left_behind.h"

#include <set>
#include <string>
#include <utility>

namespace outhaul {
namespace {

/// Names at which the first pass stores something. What waits for a name to be freed doesn't count.
std::set<std::string> names_in_use(const Plan& plan) {
  std::set<std::string> names;
  for (const Action& action : plan.actions) {
    const bool stores = action.kind == ActionKind::make_dir || action.kind == ActionKind::upload ||
                        action.kind == ActionKind::compare || action.kind == ActionKind::move ||
                        action.kind == ActionKind::record || action.kind == ActionKind::withhold;
    if (stores && !action.after_removals) names.insert(action.entry.path.bytes());
  }
  return names;
}

}  // namespace

std::vector<Action> left_behind(const Plan& plan, const State& state, JobId job, OnRemoval policy) {
  std::vector<Action> left;
  for (const Action& move : plan.actions) {
    if (move.kind != ActionKind::move) continue;
    const std::optional<Entry> before = state.entry(job, move.from);
    if (!before || before->object != move.entry.object) continue;
    const std::optional<Entry> now = state.entry(job, move.entry.path);
    if (!now || now->object == kNoObject || now->object == move.entry.object) continue;
    Action removal;
    removal.kind = policy == OnRemoval::retire ? ActionKind::retire : ActionKind::remove;
    removal.reason = Reason::removed;
    removal.entry = *before;
    left.push_back(std::move(removal));
  }
  if (left.empty()) return left;
  const std::set<std::string> used = names_in_use(plan);
  std::erase_if(left, [&](const Action& action) { return used.contains(action.entry.path.bytes()); });
  return left;
}

}  // namespace outhaul
