#include "plan/subtrees.h"

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("a subtree covers itself and what is below it but not what only looks alike") {
  Subtrees set;
  CHECK(set.empty());
  CHECK_FALSE(set.cover("a"));
  set.add("a/b");
  CHECK(set.cover("a/b"));
  CHECK(set.cover("a/b/c/d"));
  CHECK_FALSE(set.cover("a"));
  CHECK_FALSE(set.cover("a/bc"));
  CHECK_FALSE(set.cover("a/b-c"));
  CHECK_FALSE(set.cover("x/a/b"));
}

TEST_CASE("the source itself covers everything and is never passed") {
  Subtrees set;
  set.add("");
  set.pass("\xFF\xFF");
  CHECK(set.cover("a/b"));
  CHECK(set.cover(""));
}

TEST_CASE("a root is passed only when its content can't come any more") {
  const auto [position, kept] = GENERATE(table<std::string, bool>({
      {"a", true},
      {"a\n", true},
      {"a-b", true},
      {"a-b/x", true},
      {"a/", true},
      {"a/x", true},
      {"a/\xFF", true},
      {"a0", false},
      {"b", false},
      {"A", true},
      {"", true},
  }));
  INFO(position);
  Subtrees set;
  set.add("a");
  set.pass(position);
  CHECK(set.empty() == !kept);
}

TEST_CASE("directories above what stays are held") {
  HeldDirectories held;
  held.hold_parents_of("a/b/c");
  held.hold_parents_of("a/d");
  CHECK(held.contain("a"));
  CHECK(held.contain("a/b"));
  CHECK_FALSE(held.contain("a/b/c"));
  CHECK_FALSE(held.contain("a/d"));
  CHECK_FALSE(held.contain(""));
}

TEST_CASE("everything but a special file casts doubt") {
  CHECK(casts_doubt(ScanProblem::Kind::unreadable_directory));
  CHECK(casts_doubt(ScanProblem::Kind::unreadable_entry));
  CHECK(casts_doubt(ScanProblem::Kind::other_file_system));
  CHECK_FALSE(casts_doubt(ScanProblem::Kind::special));
  CHECK_FALSE(casts_doubt(ScanProblem::Kind::unreadable_xattr));
}
