#include "plan/moves.h"

#include <fmt/format.h>

#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

Entry hardlink(const Entry& of, const std::string& path) {
  return renamed(of, path);
}
Entry on_device(Entry entry, std::uint64_t dev) {
  entry.dev = dev;
  return entry;
}

}  // namespace

TEST_CASE("a file under another name is moved and keeps its object") {
  const Entry old = stored(file("d/old"));
  const Plan plan = plan_for({dir("d"), renamed(old, "new")}, {dir("d"), old});
  REQUIRE(in_words(plan) == Lines{"move new <- d/old (moved)"});
  CHECK(plan.actions[0].entry.object == old.object);
  CHECK(plan.actions[0].entry.ctime_ns == old.ctime_ns + 5);
  CHECK(plan.counts.moves == 1);
  CHECK(plan.counts.upload_bytes == 0);
  CHECK(plan.counts.remove_bytes == 0);
}

TEST_CASE("one difference in what identifies a file and it is sent instead of moved") {
  const auto [name, edit] = GENERATE(table<std::string, void (*)(Entry&)>({
      {"dev", [](Entry& e) { e.dev += 1; }},
      {"inode", [](Entry& e) { e.inode += 1; }},
      {"size", [](Entry& e) { e.size += 1; }},
      {"mtime", [](Entry& e) { e.mtime_ns += 1; }},
  }));
  INFO(name);
  const Entry old = stored(file("old"));
  CHECK(in_words(plan_for({with(renamed(old, "new"), edit)}, {old})) ==
        Lines{"upload new (added)", "remove old (removed)"});
}

TEST_CASE("mode and owner may change with a move") {
  const Entry old = stored(file("old"));
  const Plan plan = plan_for({with(renamed(old, "new"), [](Entry& e) { e.mode = 0600, e.uid = 5; })}, {old});
  REQUIRE(in_words(plan) == Lines{"move new <- old (moved)"});
  CHECK(plan.actions[0].entry.mode == 0600);
}

TEST_CASE("an entry without an object or without an inode number is not moved") {
  CHECK(in_words(plan_for({renamed(file("old"), "new")}, {file("old")})) ==
        Lines{"upload new (added)", "remove old (removed)"});
  const Entry old = with(stored(file("old")), [](Entry& e) { e.inode = 0; });
  CHECK(in_words(plan_for({renamed(old, "new")}, {old})) ==
        Lines{"upload new (added)", "remove old (removed)"});
}

TEST_CASE("with on_removal keep nothing is moved") {
  const Entry old = stored(file("old"));
  CHECK(in_words(plan_for({renamed(old, "new")}, {old}, keeping())) ==
        Lines{"upload new (added)", "forget old (kept_by_policy)"});
}

TEST_CASE("with compare mtime inodes are not trusted for moves either") {
  const Entry old = stored(file("old"));
  CHECK(in_words(plan_for({renamed(old, "new")}, {old}, removing(Compare::mtime))) ==
        Lines{"upload new (added)", "remove old (removed)"});
}

TEST_CASE("nothing is moved away from under a doubt") {
  const Entry old = stored(file("d/old"));
  CHECK(in_words(
            plan_for({dir("d"), problem("d", ScanProblem::Kind::unreadable_directory), renamed(old, "new")},
                     {dir("d"), old})) == Lines{"upload new (added)", "withhold d/old (under_doubt)"});
}

TEST_CASE("of several new links to a moved file the first by path is the move") {
  const Entry old = stored(file("old"));
  CHECK(in_words(plan_for({hardlink(old, "a"), hardlink(old, "b"), hardlink(old, "c")}, {old})) ==
        Lines{"upload b (added)", "upload c (added)", "move a <- old (moved)"});
}

TEST_CASE("several links that moved together are paired one to one by path") {
  const Entry one = stored(file("old/1"));
  const Entry two = with(stored(hardlink(one, "old/2")), [](Entry& e) { e.ctime_ns -= 5; });
  CHECK(in_words(plan_for({hardlink(one, "x"), hardlink(one, "y")}, {one, two})) ==
        Lines{"move x <- old/1 (moved)", "move y <- old/2 (moved)"});
  CHECK(in_words(plan_for({hardlink(one, "x")}, {one, two})) ==
        Lines{"move x <- old/1 (moved)", "remove old/2 (removed)"});
}

TEST_CASE("a link that stays is no source of a move") {
  const Entry a = stored(file("a"));
  CHECK(in_words(plan_for({hardlink(a, "a"), hardlink(a, "b")}, {a})) ==
        Lines{"compare a (inode_or_ctime)", "upload b (added)"});
}

TEST_CASE("a renamed directory becomes moves of its files between a new and an old directory") {
  const Entry x = stored(file("old/x")), y = stored(file("old/sub/y"));
  const auto under_new_parent = [](Entry entry, const std::string& path) {  // its own ctime doesn't change
    entry.path = RelPath::parse(path);
    entry.object = kNoObject;
    return entry;
  };
  const Plan plan = plan_for({renamed(dir("old"), "new"), under_new_parent(dir("old/sub"), "new/sub"),
                              under_new_parent(y, "new/sub/y"), under_new_parent(x, "new/x")},
                             {dir("old"), dir("old/sub"), y, x});
  CHECK(in_words(plan) == Lines{"make_dir new (added)", "make_dir new/sub (added)",
                                "move new/sub/y <- old/sub/y (moved)", "move new/x <- old/x (moved)",
                                "remove_dir old/sub (removed)", "remove_dir old (removed)"});
}

TEST_CASE("a new file under the old name is sent and the old one under its new name compared") {
  // The name "old" never left, so this is a change of content there and a new file elsewhere.
  const Entry old = stored(file("old"));
  const Entry other = with(file("old"), [](Entry& e) { e.inode += 1, e.mtime_ns += 9; });
  CHECK(in_words(plan_for({renamed(old, "new"), other}, {old})) ==
        Lines{"upload new (added)", "upload old (mtime_changed)"});
}

TEST_CASE("moves are found after a reboot gave the disk another number") {
  const Entry stays = stored(file("a")), old = stored(file("old"));
  CHECK(in_words(plan_for({on_device(file("a"), 9), on_device(renamed(old, "new"), 9)}, {stays, old})) ==
        Lines{"move new <- old (moved)"});
}

TEST_CASE("two disks that swapped their numbers are not mistaken for each other") {
  const Entry one = stored(on_device(file("1/stays"), 1)), two = stored(on_device(file("2/stays"), 2));
  const Entry old = stored(on_device(file("3/old"), 1));
  const std::vector<Entry> state{one, two, old};
  CHECK(in_words(plan_for(
            {on_device(file("1/stays"), 2), on_device(file("2/stays"), 1), on_device(renamed(old, "new"), 2)},
            state)) == Lines{"move new <- 3/old (moved)"});
  CHECK(in_words(plan_for(
            {on_device(file("1/stays"), 2), on_device(file("2/stays"), 1), on_device(renamed(old, "new"), 1)},
            state)) == Lines{"upload new (added)", "remove 3/old (removed)"});
}

TEST_CASE("a name that can't be stored is no target of a move") {
  const Entry old = stored(file("old"));
  const std::string name(90, '\\');
  CHECK(in_words(plan_for({renamed(old, name)}, {old})) ==
        Lines{fmt::format("withhold {} (name_too_long)", name), "withhold old (may_have_moved)"});
}

TEST_CASE("a hundred thousand links that moved together are paired in one pass") {
  std::vector<Action> drafts;
  const Entry inode = stored(file("x"));
  for (int side = 0; side < 2; ++side) {
    for (int i = 0; i < 100000; ++i) {
      Entry entry = inode;
      entry.path = RelPath::trusted((side == 0 ? "a/" : "b/") + std::to_string(1000000 + i));
      drafts.push_back({side == 0 ? ActionKind::remove : ActionKind::upload,
                        side == 0 ? Reason::removed : Reason::added,
                        false,
                        entry,
                        {}});
    }
  }
  pair_moves(drafts, {}, {});
  CHECK(drafts[100000].from.bytes() == "a/1000000");
  CHECK(drafts[199999].from.bytes() == "a/1099999");
}
