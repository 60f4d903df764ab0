#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "support/catch.h"
#include "unit/plan/random_tree.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Kind = ScanProblem::Kind;

/// One entry "e" before and after, and what follows under each policy.
struct Case {
  std::vector<Entry> before;
  std::vector<ScanItem> now;
  Lines removing, keeping;
};

void check(const Case& one) {
  CHECK(in_words(plan_for(one.now, one.before, removing())) == one.removing);
  CHECK(in_words(plan_for(one.now, one.before, keeping())) == one.keeping);
}

int phase(ActionKind kind) {
  switch (kind) {
    case ActionKind::make_dir:
      return 0;
    case ActionKind::compare:
      return 1;
    case ActionKind::upload:
      return 2;
    case ActionKind::move:
      return 3;
    case ActionKind::record:
      return 4;
    case ActionKind::forget:
      return 5;
    case ActionKind::retire:
      return 6;
    case ActionKind::remove:
      return 7;
    case ActionKind::remove_dir:
      return 8;
    case ActionKind::withhold:
      return 9;
  }
  return 9;
}

void require_documented_order(const Plan& plan) {
  for (std::size_t i = 1; i < plan.actions.size(); ++i) {
    const Action& first = plan.actions[i - 1];
    const Action& second = plan.actions[i];
    REQUIRE(phase(first.kind) <= phase(second.kind));
    if (first.kind != second.kind) continue;
    if (first.kind == ActionKind::remove_dir) {
      REQUIRE(first.entry.path > second.entry.path);
    } else {
      REQUIRE(first.entry.path < second.entry.path);
    }
  }
}

}  // namespace

TEST_CASE("every kind before against every kind now under each policy") {
  const Entry f = file("e"), d = dir("e"), s = symlink("e");
  const Entry kept = stored(f), lost = f;  // lost: nobody knows what is on the remote
  const Case cases[] = {
      {{}, {}, {}, {}},
      {{}, {f}, {"upload e (added)"}, {"upload e (added)"}},
      {{}, {d}, {"make_dir e (added)"}, {"make_dir e (added)"}},
      {{}, {s}, {"record e (added)"}, {"record e (added)"}},
      {{kept}, {}, {"remove e (removed)"}, {"forget e (kept_by_policy)"}},
      {{kept}, {f}, {}, {}},
      {{kept},
       {d},
       {"make_dir e (type_changed) after removals", "remove e (in_the_way)"},
       {"withhold e (in_the_way)"}},
      {{kept},
       {s},
       {"record e (type_changed) after removals", "remove e (in_the_way)"},
       {"record e (type_changed) after removals", "forget e (kept_by_policy)"}},
      {{lost}, {}, {"remove e (removed)"}, {"forget e (removed)"}},
      {{lost}, {f}, {"upload e (resend)"}, {"upload e (resend)"}},
      {{lost},
       {d},
       {"make_dir e (type_changed) after removals", "remove e (in_the_way)"},
       {"make_dir e (type_changed)"}},
      {{lost},
       {s},
       {"record e (type_changed) after removals", "remove e (in_the_way)"},
       {"record e (type_changed)"}},
      {{d}, {}, {"remove_dir e (removed)"}, {"forget e (kept_by_policy)"}},
      {{d},
       {f},
       {"upload e (type_changed) after removals", "remove_dir e (in_the_way)"},
       {"withhold e (in_the_way)"}},
      {{d}, {d}, {}, {}},
      {{d},
       {s},
       {"record e (type_changed) after removals", "remove_dir e (in_the_way)"},
       {"record e (type_changed) after removals", "forget e (kept_by_policy)"}},
      {{s}, {}, {"forget e (removed)"}, {"forget e (removed)"}},
      {{s}, {f}, {"upload e (type_changed)"}, {"upload e (type_changed)"}},
      {{s}, {d}, {"make_dir e (type_changed)"}, {"make_dir e (type_changed)"}},
      {{s}, {s}, {}, {}},
  };
  for (const Case& one : cases) check(one);
}

TEST_CASE("every kind of change of a file that stays becomes its action under both policies") {
  const auto [name, edit, line] = GENERATE(table<std::string, void (*)(Entry&), std::string>({
      {"size", [](Entry& e) { e.size = 5; }, "upload e (size_changed)"},
      {"mtime", [](Entry& e) { e.mtime_ns += 1; }, "upload e (mtime_changed)"},
      {"ctime", [](Entry& e) { e.ctime_ns += 1; }, "compare e (inode_or_ctime)"},
      {"inode", [](Entry& e) { e.inode += 1; }, "compare e (inode_or_ctime)"},
      {"mode", [](Entry& e) { e.mode = 0600; }, "record e (metadata_changed)"},
  }));
  INFO(name);
  const Entry now = with(file("e"), edit);
  for (const PlanPolicy& policy : {removing(), keeping()}) {
    const Plan plan = plan_for({now}, {stored(file("e"))}, policy);
    REQUIRE(in_words(plan) == Lines{line});
    CHECK(plan.actions[0].entry == with(now, [](Entry& e) { e.object = stored(file("e")).object; }));
  }
}

TEST_CASE("compare hash reads every file that stays and nothing else") {
  const Plan plan = plan_for({dir("d"), file("d/a"), symlink("s")},
                             {dir("d"), stored(file("d/a")), symlink("s")}, removing(Compare::hash));
  CHECK(in_words(plan) == Lines{"compare d/a (hash_requested)"});
  CHECK(plan.counts.compare_bytes == 100);
}

TEST_CASE("actions come in the documented order whatever order the changes came in") {
  const Plan plan =
      plan_for({dir("a"), dir("a/b"), file("a/b/new"), file("a/new"),
                with(file("c"), [](Entry& e) { e.ctime_ns += 1; }), renamed(stored(file("gone/m")), "moved"),
                symlink("s"), problem("u", Kind::unreadable_entry)},
               {stored(file("c")), dir("gone"), dir("gone-too"), dir("gone/deep"),
                stored(file("gone/deep/x")), stored(file("gone/m")), symlink("old"), stored(file("u"))});
  CHECK(in_words(plan) == Lines{"make_dir a (added)", "make_dir a/b (added)", "compare c (inode_or_ctime)",
                                "upload a/b/new (added)", "upload a/new (added)",
                                "move moved <- gone/m (moved)", "record s (added)", "forget old (removed)",
                                "remove gone/deep/x (removed)", "remove_dir gone/deep (removed)",
                                "remove_dir gone-too (removed)", "remove_dir gone (removed)",
                                "withhold u (under_doubt)"});
}

TEST_CASE("random plans keep the documented order and count exactly") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    RandomTree tree(seed);
    tree.edit(40);
    std::vector<Entry> state;
    for (const ScanItem& item : tree.scan()) state.push_back(stored(std::get<Entry>(item)));
    tree.edit(20);
    std::vector<ScanProblem> problems;
    const Plan plan = plan_for(tree.scan_with_doubts(2, state, problems), state,
                               std::array{removing(), keeping(), retiring()}[seed % 3]);
    require_documented_order(plan);
    PlanCounts sums;
    for (const Action& action : plan.actions) {
      const auto is = [&](ActionKind kind) -> std::uint64_t { return action.kind == kind ? 1 : 0; };
      sums.make_dirs += is(ActionKind::make_dir);
      sums.uploads += is(ActionKind::upload);
      sums.compares += is(ActionKind::compare);
      sums.moves += is(ActionKind::move);
      sums.removes += is(ActionKind::remove);
      sums.remove_dirs += is(ActionKind::remove_dir);
      sums.records += is(ActionKind::record);
      sums.forgets += is(ActionKind::forget);
      sums.withheld += is(ActionKind::withhold);
      sums.retires += is(ActionKind::retire);
      sums.retire_bytes += is(ActionKind::retire) * action.entry.size;
      sums.upload_bytes += is(ActionKind::upload) * action.entry.size;
      sums.compare_bytes += is(ActionKind::compare) * action.entry.size;
      sums.remove_bytes += is(ActionKind::remove) * action.entry.size;
    }
    const auto totals = [](const PlanCounts& c) {
      return std::vector<std::uint64_t>{c.make_dirs, c.uploads,      c.compares,      c.moves,
                                        c.removes,   c.remove_dirs,  c.records,       c.forgets,
                                        c.withheld,  c.upload_bytes, c.compare_bytes, c.remove_bytes,
                                        c.retires,   c.retire_bytes};
    };
    CHECK(totals(plan.counts) == totals(sums));
    CHECK(plan.id == plan_id(plan.actions));
  }
}

TEST_CASE("an unchanged tree gives an empty plan that needs no remote") {
  const Plan plan =
      plan_for({dir("d"), file("d/a"), symlink("s")}, {dir("d"), stored(file("d/a")), symlink("s")});
  CHECK(plan.empty());
  CHECK_FALSE(plan.needs_remote());
  CHECK(plan.counts.unchanged == 3);
  CHECK(plan.counts.scanned_files == 1);
  CHECK(plan.counts.stored_files == 1);
}

TEST_CASE("records and what is forgotten need no remote but everything else does") {
  CHECK_FALSE(plan_for({symlink("a")}, {symlink("b")}).needs_remote());
  CHECK_FALSE(plan_for({problem("x", Kind::unreadable_entry)}, {stored(file("x"))}).needs_remote());
  CHECK(plan_for({file("a")}, {}).needs_remote());
  CHECK(plan_for({dir("a")}, {}).needs_remote());
  CHECK(plan_for({}, {stored(file("a"))}).needs_remote());
  CHECK(plan_for({}, {dir("a")}).needs_remote());
  CHECK(plan_for({renamed(stored(file("a")), "b")}, {stored(file("a"))}).needs_remote());
  CHECK(plan_for({file("a")}, {stored(file("a"))}, removing(Compare::hash)).needs_remote());
}

TEST_CASE("a doubtful removal is withheld and so are the directories above it") {
  // "d" has vanished from the listing while something below it failed.
  const Plan plan =
      plan_for({problem("d/e/f", Kind::unreadable_entry)},
               {dir("d"), dir("d/e"), stored(file("d/e/f")), stored(file("d/e/g")), dir("d/h")});
  CHECK(in_words(plan) == Lines{"remove d/e/g (removed)", "remove_dir d/h (removed)",
                                "withhold d (under_doubt)", "withhold d/e (under_doubt)",
                                "withhold d/e/f (under_doubt)"});
  CHECK(plan.counts.withheld == 3);
}

TEST_CASE("a directory above a doubt stays even when the state holds nothing at the doubt") {
  CHECK(in_words(plan_for({problem("d/x", Kind::unreadable_directory)}, {dir("d")})) ==
        Lines{"withhold d (under_doubt)"});
}

TEST_CASE("a doubt that is told after its place still forbids the removal") {
  CHECK(in_words(plan_for({dir("a"), file("b"), problem("a", Kind::unreadable_directory)},
                          {dir("a"), stored(file("a/x")), stored(file("b"))})) ==
        Lines{"withhold a/x (under_doubt)"});
  CHECK(in_words(plan_for({dir("m"), file("n"), problem("m", Kind::other_file_system)},
                          {dir("m"), stored(file("m/x")), stored(file("n"))})) ==
        Lines{"withhold m/x (under_doubt)"});
}

TEST_CASE("with on_removal keep a doubtful entry is withheld rather than forgotten") {
  CHECK(in_words(plan_for({problem("d/x", Kind::unreadable_entry)},
                          {dir("d"), stored(file("d/x")), stored(file("d/y"))}, keeping())) ==
        Lines{"forget d/y (kept_by_policy)", "withhold d (under_doubt)", "withhold d/x (under_doubt)"});
}

TEST_CASE("every problem of the scan is in the plan") {
  const Plan plan = plan_for({problem("a", Kind::unreadable_entry), problem("b", Kind::special)}, {});
  REQUIRE(plan.problems.size() == 2);
  CHECK(plan.problems[0].path.bytes() == "a");
  CHECK(plan.problems[1].kind == Kind::special);
  CHECK(plan.empty());
}

TEST_CASE("a name that its escape makes too long is withheld and what is below it too") {
  const std::string long_name(90, '\n');  // 270 bytes on the remote
  const Plan plan = plan_for({dir(long_name), symlink(long_name + "/link"), dir(long_name + "/sub"),
                              file(long_name + "/sub/x"), file("short")},
                             {});
  CHECK(plan.counts.withheld == 4);
  CHECK(std::all_of(plan.actions.begin() + 1, plan.actions.end(), [](const Action& a) {
    return a.kind == ActionKind::withhold && a.reason == Reason::name_too_long;
  }));
  CHECK(in_words(plan.actions[0]) == "upload short (added)");
}

TEST_CASE("the longest name that fits is stored and one byte more is not") {
  const auto [plain, escaped, directory, fits] = GENERATE(table<std::size_t, std::size_t, std::string, bool>({
      {255, 0, "", true},
      {0, 85, "", true},
      {3, 84, "", true},
      {4, 84, "", false},
      {0, 86, "", false},
      {0, 85, "d/", true},
      {0, 86, "d/", false},
  }));
  INFO(plain << " plain and " << escaped << " escaped bytes");
  const std::string name = fmt::format("{}{:\n>{}}{:x>{}}", directory, "", escaped, "", plain);
  CHECK(plan_for({file(name)}, {}).counts.uploads == (fits ? 1 : 0));
  CHECK(plan_for({dir(name)}, {}).counts.make_dirs == (fits ? 1 : 0));
  CHECK(plan_for({dir(name)}, {}).counts.withheld == (fits ? 0 : 1));
}

TEST_CASE("a symlink with a long name is kept because it never reaches the remote") {
  const std::string name(90, '\\');
  CHECK(in_words(plan_for({symlink(name)}, {})) == Lines{fmt::format("record {} (added)", name)});
}

TEST_CASE("a symlink that becomes a file with a name that is too long is withheld") {
  const std::string name(90, '\\');
  CHECK(in_words(plan_for({file(name)}, {symlink(name)})) ==
        Lines{fmt::format("withhold {} (name_too_long)", name)});
}

TEST_CASE("what lies too deep for a command line is withheld and what lies above it is stored") {
  std::string deep = "d";
  std::string fits;
  std::vector<ScanItem> tree{dir(deep)};
  for (int level = 0; level < 20; ++level) {
    fits = deep;
    deep += '/' + std::string(200, 'x');
    tree.push_back(dir(deep));
  }
  const Lines lines = in_words(plan_for(tree, {}));
  REQUIRE(lines.size() == 21);
  CHECK(lines[19] == fmt::format("make_dir {} (added)", fits));
  CHECK(lines[20] == fmt::format("withhold {} (name_too_long)", deep));
}

TEST_CASE("a planner can be used again after it gave its plan") {
  Planner planner(removing());
  planner.add(Change{Change::Kind::added, Reason::added, file("a"), {}});
  planner.add(problem("p", Kind::unreadable_directory));
  CHECK(planner.finish({}).counts.uploads == 1);
  planner.add(Change{Change::Kind::removed, Reason::removed, {}, stored(file("p/x"))});
  const Plan second = planner.finish({});
  CHECK(in_words(second) == Lines{"remove p/x (removed)"});
  CHECK(second.problems.empty());
}

TEST_CASE("what is stored under a name that is too long is not given up for what can't be stored there") {
  const std::string name(90, '\\');  // stored by a version that knew another escape
  CHECK(in_words(plan_for({dir(name), file(name + "/x")}, {stored(file(name))})) ==
        Lines{fmt::format("withhold {} (name_too_long)", name),
              fmt::format("withhold {}/x (name_too_long)", name)});
}

TEST_CASE("a directory is held by the doubtful change below it alone") {
  Planner planner(removing());
  planner.add(Change{Change::Kind::removed, Reason::removed, {}, dir("d")});
  planner.add(Change{Change::Kind::doubtful_removal, Reason::under_doubt, {}, stored(file("d/x"))});
  CHECK(in_words(planner.finish({})) == Lines{"withhold d (under_doubt)", "withhold d/x (under_doubt)"});
}

TEST_CASE("a name that is too long holds back what it may be the new name of and nothing else") {
  const auto sized = [](Entry e, std::uint64_t size, std::int64_t mtime_ns) {
    e.size = size, e.mtime_ns = mtime_ns;
    return e;
  };
  const std::string name = "d/" + std::string(90, '\n');
  const Entry unstored = sized(file(name), 5000, 77);
  struct Row {
    const char* what;
    Entry gone;
    Compare compare;
    bool stays;
  };
  const Row table[] = {
      {"another file", sized(file("d/gone"), 100, 1), Compare::stat, false},
      {"the file itself", sized(renamed(unstored, "d/gone"), 5000, 77), Compare::stat, true},
      {"moved from another directory", sized(file("e/f/gone"), 5000, 77), Compare::stat, true},
      {"of the same size, of another time", sized(file("d/gone"), 5000, 1), Compare::stat, false},
      {"the same where times and inodes say nothing", sized(file("d/gone"), 5000, 1), Compare::mtime, true},
  };
  for (const Row& row : table) {
    INFO(row.what);
    std::vector<Entry> before{dir("d"), dir("e"), dir("e/f"), stored(row.gone)};
    std::ranges::sort(before, {}, &Entry::path);
    const Plan plan = plan_for({dir("d"), unstored}, before, removing(row.compare));
    const std::string& gone = row.gone.path.bytes();
    const Lines lines = in_words(plan);
    const std::string expected = row.stays ? fmt::format("withhold {} (may_have_moved)", gone)
                                           : fmt::format("remove {} (removed)", gone);
    CHECK(std::ranges::count(lines, expected) == 1);
    const bool inside = gone.starts_with("e/");
    CHECK(std::ranges::count(lines, "remove_dir e (removed)") == (row.stays && inside ? 0 : 1));
  }
}

TEST_CASE("an empty file that can't be stored holds nothing back") {
  const Entry empty = with(file(std::string(90, '\n')), [](Entry& e) { e.size = 0; });
  const Entry gone = stored(with(file("gone"), [](Entry& e) { e.size = 0; }));
  CHECK(in_words(plan_for({empty}, {gone})).front() == "remove gone (removed)");
}

TEST_CASE("what stays because it may have moved keeps its name from being taken") {
  const Entry old = stored(with(file("a"), [](Entry& e) { e.size = 900; }));
  const Entry moved = renamed(old, std::string(90, '\n'));
  // The directory that would take the name, and what is in it, wait; and so does what the latter may have
  // been.
  const Entry inside = with(file("a/x"), [](Entry& e) { e.size = 800; });
  const Entry gone = stored(with(file("b"), [](Entry& e) { e.size = 800; }));
  const Lines lines = in_words(plan_for({moved, dir("a"), inside}, {old, gone}));
  CHECK(lines == Lines{fmt::format("withhold {} (name_too_long)", printable(moved.path.bytes())),
                       "withhold a (under_doubt)", "withhold a/x (under_doubt)",
                       "withhold b (may_have_moved)"});
}
