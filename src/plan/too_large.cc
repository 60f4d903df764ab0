#include "plan/too_large.h"

#include <algorithm>
#include <vector>

#include "plan/planner.h"

namespace outhaul {

void withhold_larger_than(std::uint64_t largest, Plan& plan) {
  std::vector<Action>& actions = plan.actions;
  const auto fits = [&](const Action& action) {
    return action.kind != ActionKind::upload || action.entry.size <= largest;
  };
  const auto first = std::ranges::stable_partition(actions, fits);
  if (first.empty()) return;
  for (Action& action : first) {
    --plan.counts.uploads;
    plan.counts.upload_bytes -= action.entry.size;
    plan.counts.replaces -= action.entry.object != kNoObject ? 1 : 0;
    ++plan.counts.withheld;
    action.kind = ActionKind::withhold;
    action.reason = Reason::too_large;
    action.after_removals = false;
  }
  // They come last, and by path.
  const auto withheld = std::ranges::find(actions, ActionKind::withhold, &Action::kind);
  std::ranges::stable_sort(withheld, actions.end(), {},
                           [](const Action& action) { return action.entry.path; });
  plan.id = plan_id(actions);
}

}  // namespace outhaul
