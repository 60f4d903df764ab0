#include "execute/case_guard.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "execute/name_probe.h"
#include "outhaul/names.h"
#include "plan/case_twins.h"
#include "plan/contents.h"
#include "plan/subtrees.h"

namespace outhaul {
namespace {

bool stores(const Action& action) {
  return action.kind == ActionKind::make_dir || action.kind == ActionKind::upload ||
         action.kind == ActionKind::move;
}

bool takes_away(const Action& action) {
  return action.kind == ActionKind::remove || action.kind == ActionKind::retire;
}

}  // namespace

std::vector<CaseTwin> CaseGuard::find_twins(const Plan& plan, const NameFold& fold) {
  if (!fold.any()) return {};
  return find_case_twins(plan, state_.entries(job_id_).get(), job_.target, job_.names, fold);
}

/// The server is asked what it makes of such names when it matters. What it can't be made to tell of case is
/// taken for the good, as ever; of odd names, for the bad.
std::vector<CaseTwin> CaseGuard::find_twins(const Plan& plan) {
  std::vector<CaseTwin> twins = find_twins(plan, {known_.case_sensitive != true, kAllOddNames - known_.kept});
  if (twins.empty()) return twins;
  const bool about_case = !known_.case_sensitive && !find_twins(plan, {true, {}}).empty();
  if (about_case) probe();
  const OddNames unknown = kAllOddNames - known_.kept - known_.lost;
  const bool about_odd = unknown.any() && !find_twins(plan, {false, unknown}).empty();
  if (about_odd) {
    const NameProbe found = probe_names(connections_.commands(), unknown);
    known_.kept = known_.kept | found.kept;
    known_.lost = known_.lost | (found.asked - found.kept);
  }
  return find_twins(plan, {known_.case_sensitive == false, kAllOddNames - known_.kept});
}

std::string CaseGuard::why(const RelPath& path, const RelPath& other) const {
  const NameFold letters{true, {}};
  const auto as_letters = [&](const RelPath& name) {
    return folded(remote_path_for(job_.target, name, job_.names).wire(), letters);
  };
  if (as_letters(path) == as_letters(other)) return "because it takes upper and lower case for the same";
  return fmt::format("because it doesn't keep {} in names", in_words(kAllOddNames - known_.kept));
}

std::optional<Plan> CaseGuard::adapt(const Plan& plan) {
  if (!makes_new_names(plan)) return std::nullopt;
  const std::vector<CaseTwin> twins = find_twins(plan);
  if (twins.empty()) return std::nullopt;

  Subtrees refused;
  std::set<std::size_t> waiting;
  for (const CaseTwin& twin : twins) {
    const RelPath& path = plan.actions[twin.action].entry.path;
    if (twin.leaves) {
      waiting.insert(twin.action);
      waits_.emplace(path.bytes(), twin.other);
      continue;
    }
    if (!refused.cover(path.bytes()))
      tally_.problem(Problem::Severity::error, path,
                     fmt::format("not stored: to this server its name is that of \"{}\", {}",
                                 printable(twin.other.bytes()), why(path, twin.other)),
                     "Give one of the two another name, or exclude one of them.");
    refused.add(path.bytes());
  }
  Contents unstored(job_.compare);
  HeldDirectories held;
  for (const Action& action : plan.actions) {
    if (!stores(action) || !refused.cover(action.entry.path.bytes())) continue;
    unstored.add(action.entry);
    if (action.kind == ActionKind::move) held.hold_parents_of(action.from.bytes());
  }
  Plan adapted = plan;
  adapted.actions.clear();
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    const Action& action = plan.actions[i];
    if (stores(action) && refused.cover(action.entry.path.bytes())) {
      ++tally_.done().withheld;
      tally_.not_stored(action.entry, "its name is another one's to the server");
      continue;
    }
    adapted.actions.push_back(action);
    if (takes_away(action) && unstored.have(action.entry)) {
      adapted.actions.back().kind = ActionKind::withhold;  // it may be what can't be stored under that name
      adapted.actions.back().reason = Reason::may_have_moved;
      held.hold_parents_of(action.entry.path.bytes());
    }
    if (waiting.contains(i)) adapted.actions.back().after_removals = true;
  }
  std::erase_if(adapted.actions, [&](const Action& action) {
    return action.kind == ActionKind::remove_dir && held.contain(action.entry.path.bytes());
  });
  return adapted;
}

const RelPath* CaseGuard::waits_for(const RelPath& path) const {
  const auto found = waits_.find(path.bytes());
  return found == waits_.end() ? nullptr : &found->second;
}

/// A directory is made under one name and renamed under the other: only a server without case finds it there.
void CaseGuard::probe() {
  using Status = CommandResult::Status;
  Commands& commands = connections_.commands();
  const RemotePath control = RemotePath::parse(kControlDir);
  const auto at = [&](const char* name) { return control / RemotePath::parse(name); };
  const RemotePath lower = at("case-probe"), upper = at("CASE-PROBE"), found = at("case-probe-found");
  if (make_dirs(commands, control).status != Status::done) return;
  if (commands.run_one(MakeDir{lower}).status != Status::done) return;
  const CommandResult renamed = commands.run_one(Rename{upper, found});
  if (renamed.status == Status::done) known_.case_sensitive = false;
  if (renamed.status == Status::missing) known_.case_sensitive = true;
  commands.run({RemoveDir{lower}, RemoveDir{found}});
}

}  // namespace outhaul
