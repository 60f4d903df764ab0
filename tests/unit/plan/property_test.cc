// Random trees, random edits: the plan, carried out on a strict model, always gives the source.
#include <fmt/format.h>

#include <algorithm>

#include "support/catch.h"
#include "unit/plan/model.h"
#include "unit/plan/random_tree.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

struct Backup {
  RandomTree tree;
  Model model;
  Model::ReadSource read = [this](const Entry& entry) { return tree.content(entry); };

  explicit Backup(unsigned seed, RemotePath target = {}) : tree(seed), model(std::move(target)) {}

  Plan plan(const PlanPolicy& policy) const { return plan_for(tree.scan(), model.entries(), policy); }

  /// One clean run, after which remote and source must be alike and nothing is left to do.
  void synchronise(const PlanPolicy& policy) {
    const Plan first = plan(policy);
    INFO(listed(first));
    model.carry_out(first, read);
    require_mirror();
    REQUIRE(in_words(plan(policy)) == expected_of_second_plan(policy));
  }

  /// With "compare": "hash" every file is read every time; else nothing is left.
  Lines expected_of_second_plan(const PlanPolicy& policy) const {
    Lines lines;
    if (policy.compare == Compare::hash)
      for (const auto& [path, entry] : model.state())
        if (entry.kind == EntryKind::file)
          lines.push_back(fmt::format("compare {} (hash_requested)", printable(path)));
    return lines;
  }

  void require_mirror() const {
    std::map<std::string, ModelRemote::Node> wanted;
    for (const auto& [path, inode] : tree.names()) {
      const Entry entry = tree.entry(path);
      REQUIRE(model.state().contains(path));
      require_same(model.state().at(path), entry);
      if (entry.kind == EntryKind::symlink) continue;
      wanted[model.remote_name(entry.path)] =
          entry.kind == EntryKind::file ? ModelRemote::Node(tree.content(entry)) : std::nullopt;
    }
    REQUIRE(model.state().size() == tree.names().size());
    auto nodes = model.remote().nodes();
    nodes.erase("t");
    REQUIRE(nodes == wanted);
  }

  static void require_same(const Entry& stored, const Entry& scanned) {
    REQUIRE(stored.kind == scanned.kind);
    REQUIRE(stored.size == scanned.size);
    REQUIRE(stored.mtime_ns == scanned.mtime_ns);
    REQUIRE(stored.mode == scanned.mode);
    REQUIRE(stored.link_target == scanned.link_target);
    REQUIRE(stored.user == scanned.user);
    REQUIRE(stored.links == scanned.links);
    REQUIRE(stored.sparse == scanned.sparse);
    REQUIRE(stored.xattrs == scanned.xattrs);
    REQUIRE((stored.object != kNoObject) == (stored.kind == EntryKind::file));
  }
};

/// A mount point itself was seen; what is below it wasn't.
bool casts_doubt_on(const ScanProblem& problem, const RelPath& path) {
  if (problem.kind == ScanProblem::Kind::other_file_system && path == problem.path) return false;
  return path.is_at_or_below(problem.path);
}

bool lies_in(const std::vector<ScanProblem>& problems, const RelPath& path) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const ScanProblem& problem) { return casts_doubt_on(problem, path); });
}

bool takes_away(const Action& action) {
  return action.kind == ActionKind::remove || action.kind == ActionKind::remove_dir ||
         action.kind == ActionKind::forget;
}

}  // namespace

TEST_CASE("a plan that is carried out gives the source and a second plan is empty") {
  const PlanPolicy policy = GENERATE(removing(), removing(Compare::mtime), removing(Compare::hash));
  std::uint64_t moves = 0, waiting = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Backup backup(seed, seed % 4 == 0 ? RemotePath::parse("t") : RemotePath{});
    for (int round = 0; round < 10; ++round) {
      INFO("seed " << seed << " round " << round);
      // Only stat and hash see an edit that keeps size and mtime.
      backup.tree.edit(round == 0 ? 30 : 1 + round * 2, policy.compare != Compare::mtime && round % 4 == 3);
      if (round == 5) backup.tree.change_device();
      const Plan plan = backup.plan(policy);
      moves += plan.counts.moves;
      waiting += static_cast<std::uint64_t>(std::count_if(plan.actions.begin(), plan.actions.end(),
                                                          [](const Action& a) { return a.after_removals; }));
      REQUIRE_NOTHROW(backup.synchronise(policy));
    }
  }
  CHECK(waiting > 100);
  CHECK((moves > 100) == (policy.compare != Compare::mtime));
}

TEST_CASE("a renamed tree is not sent again and not even after a reboot gave the disk another number") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    RandomTree tree(seed);
    tree.edit(40);
    std::vector<Entry> state{stored(file("first"))};
    std::vector<ScanItem> scan{with(file("first"), [](Entry& e) { e.dev = 7; })};
    for (const ScanItem& item : tree.scan()) {
      const Entry& entry = std::get<Entry>(item);
      state.push_back(
          stored(with(entry, [](Entry& e) { e.path = RelPath::parse("old/" + e.path.bytes()); })));
      scan.push_back(with(entry, [](Entry& e) {
        e.path = RelPath::parse("new/" + e.path.bytes());
        e.dev = 7;
      }));
    }
    state.insert(state.begin() + 1, dir("old"));
    scan.insert(scan.begin() + 1, ScanItem(renamed(dir("old"), "new")));
    const Plan plan = plan_for(std::move(scan), std::move(state));
    CHECK(plan.counts.uploads == 0);
    CHECK(plan.counts.removes == 0);
    CHECK(plan.counts.upload_bytes == 0);
  }
}

TEST_CASE("a plan that retires differs from one that removes in that alone") {
  std::uint64_t retired = 0, moved = 0;
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    INFO("seed " << seed);
    Backup backup(seed);
    backup.tree.edit(30);
    backup.synchronise(removing());
    backup.tree.edit(15);
    Plan removes = backup.plan(removing());
    const Plan retires = backup.plan(retiring());
    CHECK(retires.counts.retires == removes.counts.removes);
    CHECK(retires.counts.retire_bytes == removes.counts.remove_bytes);
    CHECK(retires.counts.removes == 0);
    REQUIRE(retires.actions.size() == removes.actions.size());
    for (std::size_t i = 0; i < retires.actions.size(); ++i) {
      Action& action = removes.actions[i];
      if (action.kind == ActionKind::remove) action.kind = ActionKind::retire;
      REQUIRE(in_words(retires.actions[i]) == in_words(action));
      retired += action.kind == ActionKind::retire;
      moved += action.kind == ActionKind::move;
    }
    REQUIRE_NOTHROW(backup.model.carry_out(retires, backup.read));
    backup.require_mirror();
  }
  CHECK(retired > 500);
  CHECK(moved > 50);
}

TEST_CASE("with on_removal keep nothing that was on the remote disappears") {
  std::uint64_t kept = 0, contradictions = 0;
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    Backup backup(seed);
    backup.tree.edit(30);
    backup.synchronise(removing());
    const auto before = backup.model.remote().nodes();
    backup.tree.edit(12, seed % 3 == 0);
    const Plan plan = backup.plan(keeping());
    REQUIRE_NOTHROW(backup.model.carry_out(plan, backup.read));
    const auto& after = backup.model.remote().nodes();
    for (const auto& [name, node] : before) {
      REQUIRE(after.contains(name));
      REQUIRE(after.at(name).has_value() == node.has_value());
    }
    std::set<std::string> withheld;
    for (const Action& action : plan.actions) {
      kept += action.reason == Reason::kept_by_policy;
      if (action.kind == ActionKind::withhold) withheld.insert(action.entry.path.bytes());
    }
    contradictions += withheld.size();
    for (const auto& [path, inode] : backup.tree.names()) {
      const Entry entry = backup.tree.entry(path);
      if (entry.kind != EntryKind::file || withheld.contains(path)) continue;
      REQUIRE(backup.model.remote().content(backup.model.remote_name(entry.path)) ==
              backup.tree.content(entry));
    }
    for (const Action& action : backup.plan(keeping()).actions) {
      INFO(in_words(action));
      REQUIRE(action.kind == ActionKind::withhold);
      REQUIRE(withheld.contains(action.entry.path.bytes()));
    }
  }
  CHECK(kept > 1000);
  CHECK(contradictions > 100);
}

TEST_CASE("pain 23: nothing at or below a doubt is removed or moved away and the rest goes on") {
  std::uint64_t doubtful = 0, removed = 0;
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    Backup backup(seed);
    backup.tree.edit(30);
    backup.synchronise(removing());
    const auto before = backup.model.state();
    const auto remote_before = backup.model.remote().nodes();
    backup.tree.edit(10);
    std::vector<ScanProblem> problems;
    const auto scan = backup.tree.scan_with_doubts(3, backup.model.entries(), problems);
    const Plan plan = plan_for(scan, backup.model.entries());
    INFO(listed(plan));
    CHECK(plan.problems.size() == problems.size());
    for (const Action& action : plan.actions) {
      if (takes_away(action)) REQUIRE_FALSE(lies_in(problems, action.entry.path));
      if (action.kind == ActionKind::move) REQUIRE_FALSE(lies_in(problems, action.from));
      doubtful += action.reason == Reason::under_doubt;
      removed += action.kind == ActionKind::remove;
    }
    REQUIRE_NOTHROW(backup.model.carry_out(plan, backup.read));
    for (const auto& [path, entry] : before) {
      if (!lies_in(problems, entry.path)) continue;
      const std::string name = backup.model.remote_name(entry.path);
      REQUIRE((backup.model.remote().nodes().contains(name) || !remote_before.contains(name)));
      REQUIRE(backup.model.state().contains(path));
    }
    backup.synchronise(removing());
  }
  CHECK(doubtful > 1000);
  CHECK(removed > 1000);
}
