#include "plan/case_twins.h"

#include <algorithm>

#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// "upload A ~ a", "upload A ~ a (leaves)", sorted.
Lines twins_of(std::vector<ScanItem> scan, const std::vector<Entry>& state, const NameFold& fold = {true, {}},
               const PlanPolicy& policy = removing()) {
  const Plan plan = plan_for(std::move(scan), state, policy);
  ListedState stored(state);
  Lines lines;
  for (const CaseTwin& twin : find_case_twins(plan, &stored, RemotePath::parse("t"), {}, fold)) {
    const Action& action = plan.actions[twin.action];
    lines.push_back(std::string(to_string(action.kind)) + " " + action.entry.path.bytes() + " ~ " +
                    twin.other.bytes() + (twin.leaves ? " (leaves)" : ""));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("pain 18: of new names that differ in their case alone all but the first are twins of the first") {
  CHECK(twins_of({file("A"), file("a"), file("b"), file("c-A"), file("c-a")}, {}) ==
        Lines{"upload a ~ A", "upload c-a ~ c-A"});
  CHECK(twins_of({file("AB"), file("Ab"), file("aB")}, {}) == Lines{"upload Ab ~ AB", "upload aB ~ AB"});
  CHECK(twins_of({dir("D"), file("D/x"), dir("d"), file("d/x"), file("d/y")}, {}) ==
        Lines{"make_dir d ~ D", "upload d/x ~ D/x"});
  CHECK(twins_of({file("\xC3\x84"), file("\xC3\xA4")}, {}).empty());  // beyond ASCII nobody agrees
}

TEST_CASE("pain 18: a new name is compared with what is stored") {
  CHECK(twins_of({file("A"), file("a")}, {stored(file("a"))}) == Lines{"upload A ~ a"});
  CHECK(twins_of({dir("d"), file("d/A")}, {stored(dir("d")), stored(file("d/a"))}) ==
        Lines{"upload d/A ~ d/a (leaves)"});
  CHECK(twins_of({file("A"), symlink("a")}, {symlink("a")}).empty());  // the remote has no symlinks
}

TEST_CASE("pain 18: what is stored already is no new name however often it changes") {
  Entry changed = file("a");
  changed.size += 1;
  CHECK(twins_of({file("A"), changed}, {stored(file("A")), stored(file("a"))}).empty());
}

TEST_CASE("pain 18: a file or directory that changes its own case only is no twin") {
  CHECK(twins_of({renamed(stored(file("file")), "File")}, {stored(file("file"))}).empty());
  CHECK(twins_of({dir("Dir")}, {stored(dir("dir"))}).empty());
}

TEST_CASE("pain 18: escapes count as the names that the server sees") {
  // "*" is stored as "%2A", and "%2a" as itself.
  CHECK(twins_of({file("%2a"), file("*")}, {}).size() == 1);
}

TEST_CASE("names that a server doesn't keep apart are twins, new ones and stored ones") {
  const NameFold bytes{false, {true, false, false}}, quotes{false, {false, true, false}};
  CHECK(twins_of({file("LAT\xE9"), file("lat\xE8"), file("lat\xE9")}, {}, bytes) ==
        Lines{"upload lat\xE9 ~ lat\xE8"});
  CHECK(twins_of({file("x\"y"), file("xy")}, {stored(file("x\"y"))}, quotes) == Lines{"upload xy ~ x\"y"});
  CHECK(twins_of({file("x\"y"), file("xy")}, {}, bytes).empty());
}

TEST_CASE("the odd ones among a plan's new names are known by what is sent of them") {
  const auto odd = [](std::vector<ScanItem> scan, const std::vector<Entry>& state, const NameRules& rules) {
    return odd_new_names(plan_for(std::move(scan), state, removing()), rules);
  };
  CHECK(odd({dir("d"), file("d/ lead"), file("plain")}, {}, {}) == OddNames{false, false, true});
  CHECK(odd({file("lat\xE9"), file("x\"y")}, {stored(file("x\"y"))}, {}) == OddNames{true, false, false});
  NameRules rules;
  rules.escaped = kAllOddNames;
  CHECK_FALSE(odd({file(" s"), file("lat\xE9"), file("x\"y")}, {}, rules).any());
}
