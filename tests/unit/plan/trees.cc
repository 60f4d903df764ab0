#include "unit/plan/trees.h"

#include <fmt/format.h>

namespace outhaul::test {
namespace {

/// FNV-1a: the same on every machine, unlike std::hash.
std::uint64_t number_for(const std::string& path) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return (hash >> 16) + 1;
}

Entry entry(const std::string& path, EntryKind kind, std::uint64_t size, std::uint32_t mode) {
  Entry e;
  e.path = RelPath::parse(path);
  e.kind = kind;
  e.size = size;
  e.mtime_ns = 1'000'000'007;
  e.ctime_ns = 2'000'000'011;
  e.inode = number_for(path);
  e.dev = 1;
  e.mode = mode;
  return e;
}

}  // namespace

Entry file(const std::string& path) {
  return entry(path, EntryKind::file, 100, 0644);
}
Entry dir(const std::string& path) {
  return entry(path, EntryKind::directory, 0, 0755);
}
Entry symlink(const std::string& path) {
  Entry e = entry(path, EntryKind::symlink, 0, 0777);
  e.link_target = "target";
  return e;
}

Entry stored(Entry e) {
  if (e.kind == EntryKind::file)
    e.object = ObjectId{static_cast<std::int64_t>(number_for(e.path.bytes()) % 100000 + 1)};
  return e;
}

Entry renamed(Entry e, const std::string& path) {
  e.path = RelPath::parse(path);
  e.ctime_ns += 5;
  e.object = kNoObject;
  return e;
}

ScanProblem problem(const std::string& path, ScanProblem::Kind kind) {
  return {RelPath::parse(path), kind, "Permission denied"};
}

bool ListedScan::next(ScanItem& item) {
  if (at_ == items_.size()) return false;
  item = items_[at_++];
  return true;
}

bool ListedState::next(Entry& entry) {
  if (at_ == entries_.size()) return false;
  entry = entries_[at_++];
  return true;
}

Plan plan_for(std::vector<ScanItem> scan, std::vector<Entry> state, const PlanPolicy& policy) {
  ListedScan scanned(std::move(scan));
  ListedState before(std::move(state));
  return make_plan(scanned, before, policy);
}

std::string in_words(const Action& action) {
  return fmt::format("{} {}{}{} ({}){}", to_string(action.kind), printable(action.entry.path.bytes()),
                     action.from.empty() ? "" : " <- ", printable(action.from.bytes()),
                     to_string(action.reason), action.after_removals ? " after removals" : "");
}

Lines in_words(const Plan& plan) {
  Lines lines;
  for (const Action& action : plan.actions) lines.push_back(in_words(action));
  return lines;
}

std::string listed(const Plan& plan) {
  std::string text;
  for (const ScanProblem& one : plan.problems)
    text += fmt::format("problem {} at {}\n", static_cast<int>(one.kind), printable(one.path.bytes()));
  for (const std::string& line : in_words(plan)) text += line + '\n';
  return text;
}

}  // namespace outhaul::test
