#include "plan/certain_removals.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace outhaul {
namespace {

std::uint64_t size_of(const Action* action) {
  return action->entry.size;
}

bool may_be_stored_yet(const Action& action) {
  switch (action.kind) {
    case ActionKind::upload:
    case ActionKind::compare:
    case ActionKind::move:
      return true;
    case ActionKind::withhold:
      return action.reason != Reason::under_doubt;  // that one is a stored file, and stays
    default:
      return false;
  }
}

}  // namespace

std::vector<const Action*> removals_of(const Plan& plan) {
  std::vector<const Action*> chosen;
  for (const Action& action : plan.actions)
    if (action.kind == ActionKind::remove && action.entry.object != kNoObject) chosen.push_back(&action);
  return chosen;
}

std::vector<const Action*> unstored_files_of(const Plan& plan) {
  std::vector<const Action*> chosen;
  for (const Action& action : plan.actions)
    if (action.entry.kind == EntryKind::file && may_be_stored_yet(action)) chosen.push_back(&action);
  return chosen;
}

std::vector<const Action*> certain_removals(std::span<const Action* const> removals,
                                            std::span<const Action* const> unstored,
                                            const ContentDigests& digests) {
  std::vector<const Action*> by_size(unstored.begin(), unstored.end());
  std::ranges::stable_sort(by_size, {}, size_of);
  const auto may_be_elsewhere = [&](const Action* removal) {
    const auto same_size = std::ranges::equal_range(by_size, removal->entry.size, {}, size_of);
    if (same_size.empty()) return false;
    const std::optional<Sha256Digest> gone = digests.stored(*removal);
    return std::ranges::any_of(same_size, [&](const Action* file) {
      const std::optional<Sha256Digest> here = gone ? digests.local(*file) : std::nullopt;
      return !here || *here == *gone;
    });
  };
  const auto is_to_be_replaced = [&](const Action* removal) {
    return std::ranges::any_of(
        unstored, [&](const Action* file) { return removal->entry.path.is_at_or_below(file->entry.path); });
  };
  std::vector<const Action*> certain;
  std::ranges::copy_if(removals, std::back_inserter(certain), [&](const Action* removal) {
    return !may_be_elsewhere(removal) && !is_to_be_replaced(removal);
  });
  return certain;
}

std::uint64_t removals_beside(const Plan& plan, std::span<const RelPath> failing) {
  std::set<std::string> above;  // every directory above something that fails
  for (const Action& action : plan.actions) {
    const bool sends = action.kind == ActionKind::upload || action.kind == ActionKind::compare;
    const bool fails = sends &&
                       std::find(failing.begin(), failing.end(), action.entry.path) != failing.end();
    for (std::string_view at = action.entry.path.bytes(); fails && !at.empty();) {
      const std::size_t slash = at.rfind('/');
      at = at.substr(0, slash == std::string_view::npos ? 0 : slash);
      above.emplace(at);
    }
  }
  return static_cast<std::uint64_t>(std::count_if(plan.actions.begin(), plan.actions.end(), [&](const Action& action) {
    const bool removes = action.kind == ActionKind::remove || action.kind == ActionKind::retire;
    return removes && action.entry.kind == EntryKind::file &&
           above.contains(std::string(action.entry.path.parent()));
  }));
}

}  // namespace outhaul
