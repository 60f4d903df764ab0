#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

using Kind = ScanProblem::Kind;

TEST_CASE("a file that became a directory leaves first and everything in the directory waits") {
  const Plan plan =
      plan_for({dir("a"), dir("a/b"), file("a/b/x"), symlink("a/l"), file("z")}, {stored(file("a"))});
  CHECK(in_words(plan) == Lines{"make_dir a (type_changed) after removals",
                                "make_dir a/b (added) after removals", "upload a/b/x (added) after removals",
                                "upload z (added)", "record a/l (added) after removals",
                                "remove a (in_the_way)"});
  CHECK(plan.actions.back().entry.object == stored(file("a")).object);
  CHECK(plan.actions.front().entry.object == kNoObject);
}

TEST_CASE("a directory that became a file takes its content with it") {
  const Plan plan = plan_for(
      {file("a")}, {dir("a"), stored(file("a-b")), dir("a/b"), stored(file("a/b/x")), symlink("a/l")});
  CHECK(in_words(plan) == Lines{"upload a (type_changed) after removals", "forget a/l (removed)",
                                "remove a-b (removed)", "remove a/b/x (removed)", "remove_dir a/b (removed)",
                                "remove_dir a (in_the_way)"});
}

TEST_CASE("types that change within each other follow one another") {
  // file f -> directory with a file; directory d -> file; both nested in what stays.
  const Plan plan = plan_for({dir("t"), file("t/d"), dir("t/f"), file("t/f/d")},
                             {dir("t"), dir("t/d"), stored(file("t/d/f")), stored(file("t/f"))});
  CHECK(in_words(plan) == Lines{"make_dir t/f (type_changed) after removals",
                                "upload t/d (type_changed) after removals",
                                "upload t/f/d (added) after removals", "remove t/d/f (removed)",
                                "remove t/f (in_the_way)", "remove_dir t/d (in_the_way)"});
}

TEST_CASE("a symlink has nothing on the remote and so nothing waits for it") {
  CHECK(in_words(plan_for({dir("a"), file("a/x")}, {symlink("a")})) ==
        Lines{"make_dir a (type_changed)", "upload a/x (added)"});
  CHECK(in_words(plan_for({file("a")}, {symlink("a")})) == Lines{"upload a (type_changed)"});
}

TEST_CASE("with keep what is kept can't be replaced and so what would replace it is withheld") {
  CHECK(in_words(plan_for({dir("a"), file("a/x"), symlink("a/y")}, {stored(file("a"))}, keeping())) ==
        Lines{"withhold a (in_the_way)", "withhold a/x (in_the_way)", "withhold a/y (in_the_way)"});
  CHECK(in_words(plan_for({file("a")}, {dir("a"), stored(file("a/x"))}, keeping())) ==
        Lines{"forget a/x (kept_by_policy)", "withhold a (in_the_way)"});
  CHECK(in_words(plan_for({symlink("a")}, {dir("a"), stored(file("a/x"))}, keeping())) ==
        Lines{"record a (type_changed) after removals", "forget a (kept_by_policy)",
              "forget a/x (kept_by_policy)"});
}

TEST_CASE("a withheld new entry is shown as scanned and a withheld removal as stored") {
  const Plan kept = plan_for({dir("a")}, {stored(file("a"))}, keeping());
  CHECK(kept.actions.at(0).entry == dir("a"));
  const Plan doubt = plan_for({problem("a", Kind::unreadable_entry)}, {stored(file("a"))});
  CHECK(doubt.actions.at(0).entry == stored(file("a")));
}

TEST_CASE("a directory that can't be read does not push the file out that had its name") {
  CHECK(in_words(plan_for({dir("a"), problem("a", Kind::unreadable_directory)}, {stored(file("a"))})) ==
        Lines{"withhold a (under_doubt)"});
}

TEST_CASE("what waits for a directory with a doubt below it is withheld") {
  CHECK(in_words(plan_for(
            {file("a"), problem("a/x", Kind::unreadable_entry)},
            {dir("a"), stored(file("a/x")), stored(with(file("a/y"), [](Entry& e) { e.size = 7; }))})) ==
        Lines{"remove a/y (removed)", "withhold a (under_doubt)", "withhold a/x (under_doubt)"});
}

TEST_CASE("a file that made room for a directory is moved before the directory takes its name") {
  const Entry a = stored(file("a"));
  CHECK(in_words(plan_for({dir("a"), renamed(a, "a.bak"), file("a/x")}, {a})) ==
        Lines{"make_dir a (type_changed) after removals", "upload a/x (added) after removals",
              "move a.bak <- a (moved)"});
}

TEST_CASE("a file that moved into a directory of its own old name is sent again") {
  // It would have to leave before the directory is made and arrive after it.
  const Entry a = stored(file("a"));
  CHECK(in_words(plan_for({dir("a"), renamed(a, "a/a")}, {a})) ==
        Lines{"make_dir a (type_changed) after removals", "upload a/a (added) after removals",
              "remove a (in_the_way)"});
}

TEST_CASE("a file that took the name of its own directory is sent again") {
  const Entry x = stored(file("a/x"));
  CHECK(in_words(plan_for({renamed(x, "a")}, {dir("a"), x})) ==
        Lines{"upload a (type_changed) after removals", "remove a/x (removed)", "remove_dir a (in_the_way)"});
}

TEST_CASE("a file from elsewhere is moved into a name that a directory had") {
  const Entry x = stored(file("d/x"));
  CHECK(in_words(plan_for({renamed(x, "a"), dir("d")}, {dir("a"), dir("d"), x})) ==
        Lines{"move a <- d/x (moved) after removals", "remove_dir a (in_the_way)"});
}

TEST_CASE("a file and a directory that swapped their names") {
  const Entry f = stored(file("f")), x = stored(file("d/x"));
  const Entry in_new_place = with(x, [](Entry& e) { e.path = RelPath::parse("f/x"), e.object = kNoObject; });
  CHECK(in_words(plan_for({renamed(f, "d"), renamed(dir("d"), "f"), in_new_place}, {dir("d"), x, f})) ==
        Lines{"make_dir f (type_changed) after removals", "upload d (type_changed) after removals",
              "upload f/x (added) after removals", "remove d/x (removed)", "remove f (in_the_way)",
              "remove_dir d (in_the_way)"});
}
