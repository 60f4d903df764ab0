// Changes and policy → plan. Pure.
#pragma once

#include <vector>

#include "outhaul/plan.h"
#include "outhaul/policy.h"
#include "plan/diff.h"

namespace outhaul {

/// Collects changes, then orders them. Moves are paired here: a removed and an added file of the same dev, inode, size
/// and mtime become one move (on_removal keep: no moves, the old object stays and the new one is sent).
class Planner {
 public:
  explicit Planner(PlanPolicy policy);
  void add(Change&& change);
  void add(ScanProblem&& problem);
  Plan finish(const DiffCounts& counts);

 private:
  PlanPolicy policy_;
  std::vector<Change> changes_;
  std::vector<ScanProblem> problems_;
};

/// diff and Planner together: what the job calls.
Plan make_plan(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy,
               const std::function<void(const DiffCounts&)>& progress = {});

/// 12 hex digits over the actions in order: kind, path, from, kind of entry, size, mtime, object. Independent of counts,
/// problems and the time of day.
std::string plan_id(const std::vector<Action>& actions);

}  // namespace outhaul
