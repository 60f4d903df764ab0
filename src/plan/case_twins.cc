#include "plan/case_twins.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace outhaul {
namespace {

bool is_new(const Action& action) noexcept {
  const bool makes = action.kind == ActionKind::make_dir || action.kind == ActionKind::upload ||
                     action.kind == ActionKind::move;
  return makes && (action.reason == Reason::added || action.reason == Reason::moved);
}

/// Of the names that are new, and where they come from. Hashes, because a first run has a million of them.
class NewNames {
 public:
  NewNames(const Plan& plan, const RemotePath& target, const NameRules& rules, const NameFold& fold)
      : plan_(plan), target_(target), rules_(rules), fold_(fold) {
    for (std::size_t i = 0; i < plan.actions.size(); ++i)
      if (is_new(plan.actions[i])) names_.push_back({hash(folded(plan.actions[i].entry.path)), i});
    std::sort(names_.begin(), names_.end(), [&](const Name& a, const Name& b) {
      return a.hash != b.hash ? a.hash < b.hash : path(a.action) < path(b.action);
    });
  }

  bool empty() const noexcept { return names_.empty(); }

  /// Twins among themselves: all but the first of each set.
  void among_themselves(std::vector<CaseTwin>& twins) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::size_t first = i;
      while (first > 0 && names_[first - 1].hash == names_[i].hash) --first;
      for (; first < i; ++first) {
        if (folded(path(names_[first].action)) != folded(path(names_[i].action))) continue;
        twins.push_back({names_[i].action, path(names_[first].action), false});
        break;
      }
    }
  }

  /// Calls `each` with the action of every new name that `stored` is a twin of.
  void twins_of(const RelPath& stored, const std::function<void(std::size_t)>& each) const {
    const std::string name = folded(stored);
    const std::size_t key = hash(name);
    auto found = std::lower_bound(names_.begin(), names_.end(), key,
                                  [](const Name& a, std::size_t b) { return a.hash < b; });
    for (; found != names_.end() && found->hash == key; ++found)
      if (path(found->action) != stored && folded(path(found->action)) == name) each(found->action);
  }

 private:
  struct Name {
    std::size_t hash;
    std::size_t action;
  };

  static std::size_t hash(const std::string& name) { return std::hash<std::string>{}(name); }
  const RelPath& path(std::size_t action) const { return plan_.actions[action].entry.path; }
  std::string folded(const RelPath& path) const {
    return outhaul::folded(remote_path_for(target_, path, rules_).wire(), fold_);
  }

  const Plan& plan_;
  const RemotePath& target_;
  const NameRules& rules_;
  const NameFold& fold_;
  std::vector<Name> names_;
};

/// Where a stored path goes in this plan, if it goes.
std::map<std::string, const Action*> leavers(const Plan& plan) {
  std::map<std::string, const Action*> leaving;
  for (const Action& action : plan.actions) {
    if (action.kind == ActionKind::remove || action.kind == ActionKind::retire ||
        action.kind == ActionKind::remove_dir || action.kind == ActionKind::forget)
      leaving[action.entry.path.bytes()] = &action;
    if (action.kind == ActionKind::move) leaving[action.from.bytes()] = &action;
  }
  return leaving;
}

}  // namespace

bool makes_new_names(const Plan& plan) noexcept {
  return std::any_of(plan.actions.begin(), plan.actions.end(), is_new);
}

OddNames odd_new_names(const Plan& plan, const NameRules& rules) {
  OddNames kinds;
  for (const Action& action : plan.actions)
    if (is_new(action)) kinds = kinds | odd_names_in(remote_path_for({}, action.entry.path, rules).wire());
  return kinds;
}

std::vector<CaseTwin> find_case_twins(const Plan& plan, EntryStream* stored, const RemotePath& target,
                                      const NameRules& rules, const NameFold& fold) {
  std::vector<CaseTwin> twins;
  const NewNames names(plan, target, rules, fold);
  if (names.empty()) return twins;
  names.among_themselves(twins);
  if (stored == nullptr) return twins;
  std::map<std::string, const Action*> leaving;
  for (Entry entry; stored->next(entry);) {
    if (entry.kind == EntryKind::symlink) continue;  // only the state has those
    names.twins_of(entry.path, [&](std::size_t action) {
      if (leaving.empty()) leaving = leavers(plan);
      const Action& comes = plan.actions[action];
      const auto goes = leaving.find(entry.path.bytes());
      if (goes == leaving.end()) {
        twins.push_back({action, entry.path, false});
        return;
      }
      const bool same_file = goes->second == &comes;
      const bool same_dir = entry.kind == EntryKind::directory && comes.kind == ActionKind::make_dir;
      if (!same_file && !same_dir) twins.push_back({action, entry.path, true});
    });
  }
  return twins;
}

}  // namespace outhaul
