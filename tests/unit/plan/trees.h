// Hand-made scans, states and plans in words for the tests of the plan layer.
#pragma once

#include <string>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/plan.h"
#include "plan/planner.h"

namespace outhaul::test {

/// Entries with settled attributes; the inode follows from the path, so that two calls give the same entry.
Entry file(const std::string& path);
Entry dir(const std::string& path);
Entry symlink(const std::string& path);
/// As the state holds it: a file gets an object that follows from its path.
Entry stored(Entry entry);
/// The same entry with one change made to it.
template <typename Change>
Entry with(Entry entry, Change change) {
  change(entry);
  return entry;
}
/// The entry under another path, as a rename leaves it: same inode, later ctime.
Entry renamed(Entry entry, const std::string& path);

ScanProblem problem(const std::string& path, ScanProblem::Kind kind);

/// A scan that gives `items` as they are.
class ListedScan final : public ScanStream {
 public:
  explicit ListedScan(std::vector<ScanItem> items) : items_(std::move(items)) {}
  bool next(ScanItem& item) override;

 private:
  std::vector<ScanItem> items_;
  std::size_t at_ = 0;
};

class ListedState final : public EntryStream {
 public:
  explicit ListedState(std::vector<Entry> entries) : entries_(std::move(entries)) {}
  bool next(Entry& entry) override;

 private:
  std::vector<Entry> entries_;
  std::size_t at_ = 0;
};

inline PlanPolicy removing(Compare compare = Compare::stat) {
  return {OnRemoval::remove, compare, {}};
}
inline PlanPolicy retiring(Compare compare = Compare::stat) {
  return {OnRemoval::retire, compare, {}};
}
inline PlanPolicy keeping(Compare compare = Compare::stat) {
  return {OnRemoval::keep, compare, {}};
}

Plan plan_for(std::vector<ScanItem> scan, std::vector<Entry> state, const PlanPolicy& policy = removing());

/// "move b <- a (moved)", "upload a (type_changed) after removals".
std::string in_words(const Action& action);
using Lines = std::vector<std::string>;
Lines in_words(const Plan& plan);
/// All of it, one a line: for INFO.
std::string listed(const Plan& plan);

}  // namespace outhaul::test
