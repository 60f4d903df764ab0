#include "plan/order.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outhaul {
namespace {

constexpr std::array kPhases = {ActionKind::make_dir, ActionKind::compare, ActionKind::upload,
                                ActionKind::move,     ActionKind::record,  ActionKind::forget,
                                ActionKind::retire,   ActionKind::remove,  ActionKind::remove_dir,
                                ActionKind::withhold};

std::size_t phase_of(ActionKind kind) {
  return static_cast<std::size_t>(std::find(kPhases.begin(), kPhases.end(), kind) - kPhases.begin());
}

/// Where each action goes. Counting keeps the path order within a phase; directories are removed backwards,
/// so that children come before their parents.
std::vector<std::size_t> places(const std::vector<Action>& actions) {
  std::array<std::size_t, kPhases.size() + 1> next{};
  for (const Action& action : actions) ++next[phase_of(action.kind) + 1];
  for (std::size_t phase = 1; phase < next.size(); ++phase) next[phase] += next[phase - 1];
  std::size_t last_dir = next[phase_of(ActionKind::remove_dir) + 1];
  std::vector<std::size_t> place(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i)
    place[i] = actions[i].kind == ActionKind::remove_dir ? --last_dir : next[phase_of(actions[i].kind)]++;
  return place;
}

}  // namespace

void put_in_order(std::vector<Action>& actions) {
  std::erase_if(actions, [](const Action& action) { return action.entry.path.empty(); });
  std::vector<std::size_t> place = places(actions);
  // In place: a first run has an action for every file, and a second copy of them all would be the peak of
  // its memory.
  for (std::size_t i = 0; i < actions.size(); ++i) {
    while (place[i] != i) {
      std::swap(actions[i], actions[place[i]]);
      std::swap(place[i], place[place[i]]);
    }
  }
}

}  // namespace outhaul
