// Changes and policy → plan. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "outhaul/plan.h"
#include "outhaul/policy.h"
#include "plan/diff.h"
#include "plan/subtrees.h"

namespace outhaul {

/// Collects changes, then orders them. Moves are paired here: a removed and an added file of the same dev,
/// inode, size and mtime become one move. Not with on_removal keep (the old object stays and the new one is
/// sent), not with compare mtime (which says that inodes can't be trusted), never under doubt. Memory: one
/// Action per change.
class Planner {
 public:
  explicit Planner(PlanPolicy policy);
  /// In path order, as diff gives them.
  void add(Change&& change);
  void add(ScanProblem&& problem);
  /// Leaves the Planner empty.
  Plan finish(const DiffCounts& counts);

 private:
  void draft(ActionKind kind, Reason reason, Entry&& entry);
  void draft_same(ActionKind kind, Change&& change);
  void draft_new(Entry&& entry, Reason reason);
  void draft_removal(Entry&& entry, Reason reason);
  void draft_type_change(Entry&& now, Entry&& before);
  bool has_too_long_name(const Entry& entry) const;
  void settle_type_changes();
  void settle_added();
  void settle_removals();
  bool may_lie_unseen(const Action& action) const;
  void keep_what_may_lie_unseen();
  void keep_what_may_have_moved();

  PlanPolicy policy_;
  std::vector<ScanProblem> problems_;
  /// In path order. What takes a name that something else must leave first follows the draft that frees it.
  std::vector<Action> drafts_;
  std::vector<std::size_t> freeing_;  ///< indexes of the drafts that free a name for the next one
  Subtrees doubts_;                   ///< where we could not see, the path itself included
  bool unseen_directory_ = false;     ///< one that is there, and whose content nobody could see
  Subtrees mounts_;                   ///< where we could not see what is below
  HeldDirectories held_;              ///< above what stays under doubt
  // New directories, each standing for all that is below it:
  Subtrees withheld_in_the_way_, withheld_under_doubt_;  ///< can't be made
  Subtrees after_removals_;                              ///< must wait
};

/// diff and Planner together: what the job calls.
Plan make_plan(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy,
               const std::function<void(const DiffCounts&)>& progress = {});

/// 12 hex digits over the actions in order: kind, path, from, kind of entry, size, mtime, object. Independent
/// of counts, problems and the time of day.
std::string plan_id(const std::vector<Action>& actions);

}  // namespace outhaul
