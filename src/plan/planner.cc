#include "plan/planner.h"

#include <utility>

#include "base/nanoseconds.h"
#include "outhaul/names.h"
#include "plan/contents.h"
#include "plan/moves.h"
#include "plan/order.h"

namespace outhaul {
namespace {

/// What of `before` holds the name on the remote. A symlink isn't there. Of a file without an object nobody
/// knows what a crash left of it: where removals are wanted it is removed, and otherwise nobody waits for it.
bool is_on_remote(const Entry& before, OnRemoval on_removal) {
  if (before.kind == EntryKind::file) return before.object != kNoObject || on_removal != OnRemoval::keep;
  return before.kind == EntryKind::directory;
}

bool takes_away(const Action& action) {
  return action.kind == ActionKind::remove || action.kind == ActionKind::retire ||
         action.kind == ActionKind::remove_dir || action.kind == ActionKind::forget;
}

void withhold(Action& action, Reason reason) {
  action.kind = ActionKind::withhold;
  action.reason = reason;
  action.after_removals = false;
}

/// Sparse files claim sizes that add up to more than any number holds.
void add(std::uint64_t& sum, std::uint64_t size) {
  sum = clamped_sum(sum, size);
}

void count(const Action& action, PlanCounts& counts) {
  switch (action.kind) {
    case ActionKind::make_dir:
      ++counts.make_dirs;
      break;
    case ActionKind::upload:
      ++counts.uploads;
      add(counts.upload_bytes, action.entry.size);
      counts.replaces += action.entry.object != kNoObject ? 1 : 0;
      break;
    case ActionKind::compare:
      ++counts.compares;
      add(counts.compare_bytes, action.entry.size);
      break;
    case ActionKind::move:
      ++counts.moves;
      break;
    case ActionKind::remove:
      ++counts.removes;
      add(counts.remove_bytes, action.entry.size);
      break;
    case ActionKind::remove_dir:
      ++counts.remove_dirs;
      break;
    case ActionKind::record:
      ++counts.records;
      break;
    case ActionKind::forget:
      ++counts.forgets;
      break;
    case ActionKind::withhold:
      ++counts.withheld;
      break;
    case ActionKind::retire:
      ++counts.retires;
      add(counts.retire_bytes, action.entry.size);
      break;
  }
}

PlanCounts count_all(const std::vector<Action>& actions, const DiffCounts& diff) {
  PlanCounts counts;
  for (const Action& action : actions) count(action, counts);
  counts.scanned_files = diff.scanned_files;
  counts.scanned_dirs = diff.scanned_dirs;
  counts.scanned_symlinks = diff.scanned_symlinks;
  counts.scanned_bytes = diff.scanned_bytes;
  counts.unchanged = diff.unchanged;
  counts.stored_files = diff.stored_files;
  return counts;
}

/// An escape is at most three bytes for one.
bool may_be_too_long(const RemotePath& target, std::string_view path) {
  if (target.wire().size() + 1 + 3 * path.size() > kMaxRemotePath) return true;
  std::size_t start = 0;
  for (std::size_t slash; (slash = path.find('/', start)) != std::string_view::npos; start = slash + 1)
    if (slash - start > kMaxRemoteName / 3) return true;
  return path.size() - start > kMaxRemoteName / 3;
}

/// A file of the source that this plan can't store.
bool stays_unstored(const Action& action) {
  if (action.kind != ActionKind::withhold || action.entry.kind != EntryKind::file) return false;
  const bool known = action.reason == Reason::name_too_long || action.reason == Reason::in_the_way;
  return known || (action.reason == Reason::under_doubt && action.entry.object == kNoObject);
}

}  // namespace

Planner::Planner(PlanPolicy policy) : policy_(std::move(policy)) {}

void Planner::add(ScanProblem&& problem) {
  if (casts_doubt(problem.kind)) {
    held_.hold_parents_of(problem.path.bytes());
    const bool mount = problem.kind == ScanProblem::Kind::other_file_system;
    (mount ? mounts_ : doubts_).add(problem.path.bytes());
  }
  unseen_directory_ = unseen_directory_ || problem.kind == ScanProblem::Kind::unreadable_directory;
  problems_.push_back(std::move(problem));
}

void Planner::add(Change&& change) {
  switch (change.kind) {
    case Change::Kind::added:
      draft_new(std::move(change.now), change.reason);
      break;
    case Change::Kind::content:
      draft_new(std::move(change.now), change.reason);
      break;
    case Change::Kind::suspect:
      draft_same(ActionKind::compare, std::move(change));
      break;
    case Change::Kind::metadata:
      draft_same(ActionKind::record, std::move(change));
      break;
    case Change::Kind::removed:
      draft_removal(std::move(change.before), change.reason);
      break;
    case Change::Kind::type_changed:
      draft_type_change(std::move(change.now), std::move(change.before));
      break;
    case Change::Kind::doubtful_removal:
      held_.hold_parents_of(change.before.path.bytes());
      draft(ActionKind::withhold, Reason::under_doubt, std::move(change.before));
      break;
  }
}

void Planner::draft(ActionKind kind, Reason reason, Entry&& entry) {
  drafts_.push_back(Action{kind, reason, false, std::move(entry), {}});
}

/// What stays where it is, on the remote as well.
void Planner::draft_same(ActionKind kind, Change&& change) {
  const auto mode =
      mode_to_change(policy_.remote_modes, change.now.kind, change.before.mode, change.now.mode);
  draft(kind, change.reason, std::move(change.now));
  drafts_.back().mode = mode;
}

void Planner::draft_new(Entry&& entry, Reason reason) {
  if (has_too_long_name(entry)) return draft(ActionKind::withhold, Reason::name_too_long, std::move(entry));
  switch (entry.kind) {
    case EntryKind::file:
      return draft(ActionKind::upload, reason, std::move(entry));
    case EntryKind::directory:
      return draft(ActionKind::make_dir, reason, std::move(entry));
    case EntryKind::symlink:
      return draft(ActionKind::record, reason, std::move(entry));
  }
}

void Planner::draft_removal(Entry&& entry, Reason reason) {
  if (!is_on_remote(entry, policy_.on_removal))
    return draft(ActionKind::forget, Reason::removed, std::move(entry));
  if (policy_.on_removal == OnRemoval::keep)
    return draft(ActionKind::forget, Reason::kept_by_policy, std::move(entry));
  if (entry.kind == EntryKind::directory) return draft(ActionKind::remove_dir, reason, std::move(entry));
  const bool retires = policy_.on_removal == OnRemoval::retire && entry.object != kNoObject;
  draft(retires ? ActionKind::retire : ActionKind::remove, reason, std::move(entry));
}

/// Keeping and replacing contradict, so under `keep` only a symlink, which needs no name on the remote, can
/// follow something that is there.
void Planner::draft_type_change(Entry&& now, Entry&& before) {
  if (!is_on_remote(before, policy_.on_removal)) return draft_new(std::move(now), Reason::type_changed);
  const bool takes_the_name = now.kind != EntryKind::symlink;
  if (takes_the_name && policy_.on_removal == OnRemoval::keep) {
    if (now.kind == EntryKind::directory) withheld_in_the_way_.add(now.path.bytes());
    return draft(ActionKind::withhold, Reason::in_the_way, std::move(now));
  }
  if (takes_the_name && has_too_long_name(now))
    return draft(ActionKind::withhold, Reason::name_too_long, std::move(now));
  freeing_.push_back(drafts_.size());
  draft_removal(std::move(before), Reason::in_the_way);
  draft_new(std::move(now), Reason::type_changed);
  drafts_.back().after_removals = true;
}

/// A symlink needs no name on the remote, but its directory does: what lies in a directory that isn't made is
/// withheld with it.
bool Planner::has_too_long_name(const Entry& entry) const {
  std::string_view path = entry.path.bytes();
  if (entry.kind == EntryKind::symlink) path = entry.path.parent();
  if (!may_be_too_long(policy_.target, path)) return false;
  return !too_long(remote_path_for(policy_.target, RelPath::trusted(std::string(path)), policy_.names))
              .empty();
}

/// A name is freed only when everything that must leave it may leave.
void Planner::settle_type_changes() {
  for (const std::size_t index : freeing_) {
    Action& leaving = drafts_[index];
    Action& arriving = drafts_[index + 1];
    const std::string& path = arriving.entry.path.bytes();
    const bool stays = leaving.kind == ActionKind::withhold || doubts_.cover(path) || may_lie_unseen(leaving) ||
                       (leaving.entry.kind == EntryKind::directory && held_.contain(path));
    if (stays) {
      if (arriving.entry.kind == EntryKind::directory) withheld_under_doubt_.add(path);
      withhold(arriving, Reason::under_doubt);
      leaving.entry.path = {};
    } else if (arriving.entry.kind == EntryKind::directory) {
      after_removals_.add(path);
    }
  }
}

/// What is below a new directory shares its fate.
void Planner::settle_added() {
  if (withheld_in_the_way_.empty() && withheld_under_doubt_.empty() && after_removals_.empty()) return;
  for (Action& action : drafts_) {
    if (action.reason != Reason::added) continue;
    const std::string& path = action.entry.path.bytes();
    if (withheld_in_the_way_.cover(path)) {
      withhold(action, Reason::in_the_way);
    } else if (withheld_under_doubt_.cover(path)) {
      withhold(action, Reason::under_doubt);
    } else if (after_removals_.cover(path)) {
      action.after_removals = true;
    }
  }
}

/// A file that can't be stored may be one that leaves the tree in this plan, under its new name: then the
/// only copy stays where it is. Its inode proves nothing here, since a copy to another file system has a new
/// one. What stays may keep a name from being freed, which may keep another file from being stored.
void Planner::keep_what_may_have_moved() {
  Contents unstored(policy_.compare);
  for (bool again = true; again;) {
    bool more = false;
    for (const Action& action : drafts_)
      if (stays_unstored(action)) more = unstored.add(action.entry) || more;
    again = false;
    for (Action& action : drafts_) {
      const bool leaves = action.kind == ActionKind::remove || action.kind == ActionKind::retire;
      if (!more || !leaves || action.entry.path.empty() || !unstored.have(action.entry)) continue;
      held_.hold_parents_of(action.entry.path.bytes());
      withhold(action, Reason::may_have_moved);
      again = true;
    }
    if (!again) return;
    settle_type_changes();
    settle_added();
  }
}

/// What is deleted may have been moved to where nobody could look: then its copy is the only one. A version isn't
/// deleted, and retention waits by itself.
bool Planner::may_lie_unseen(const Action& action) const {
  return unseen_directory_ && policy_.on_removal == OnRemoval::remove &&
         (action.kind == ActionKind::remove || action.kind == ActionKind::remove_dir);
}

/// What is known to have moved elsewhere is none of it.
void Planner::keep_what_may_lie_unseen() {
  for (Action& action : drafts_) {
    if (!may_lie_unseen(action) || action.kind != ActionKind::remove || action.entry.path.empty()) continue;
    held_.hold_parents_of(action.entry.path.bytes());
    withhold(action, Reason::under_doubt);
  }
  for (Action& action : drafts_)
    if (may_lie_unseen(action) && held_.contain(action.entry.path.bytes())) withhold(action, Reason::under_doubt);
}

/// Once all problems are known: diff could judge only by those that came before the entry.
void Planner::settle_removals() {
  for (Action& action : drafts_) {
    if (!takes_away(action)) continue;
    const std::string& path = action.entry.path.bytes();
    const bool held = action.entry.kind == EntryKind::directory && held_.contain(path);
    if (held || doubts_.cover(path) || mounts_.cover(action.entry.path.parent()))
      withhold(action, Reason::under_doubt);
  }
}

Plan Planner::finish(const DiffCounts& counts) {
  settle_type_changes();
  settle_added();
  keep_what_may_have_moved();
  settle_removals();
  if (policy_.on_removal != OnRemoval::keep && policy_.compare != Compare::mtime)
    pair_moves(drafts_, counts.devices, policy_.remote_modes);
  keep_what_may_lie_unseen();
  put_in_order(drafts_);
  Plan plan;
  plan.actions = std::move(drafts_);
  plan.problems = std::move(problems_);
  plan.counts = count_all(plan.actions, counts);
  plan.id = plan_id(plan.actions);
  *this = Planner(std::move(policy_));
  return plan;
}

Plan make_plan(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy,
               const std::function<void(const DiffCounts&)>& progress) {
  Planner planner(policy);
  const ChangeSink sink{[&](Change&& change) { planner.add(std::move(change)); },
                        [&](ScanProblem&& problem) { planner.add(std::move(problem)); }, progress};
  const DiffCounts counts = diff(scanned, stored, policy, sink);
  return planner.finish(counts);
}

}  // namespace outhaul
