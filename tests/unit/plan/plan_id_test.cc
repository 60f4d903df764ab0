#include <set>

#include "plan/planner.h"
#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

Action action() {
  return {ActionKind::upload, Reason::added, false, stored(file("a/b")), {}};
}

template <typename Change>
std::string id_with(Change change) {
  Action changed = action();
  change(changed);
  return plan_id({changed});
}

}  // namespace

TEST_CASE("a plan id is twelve hex digits that never change for the same actions") {
  // Fixed values: an id that a person noted before an upgrade must still mean the same plan.
  CHECK(plan_id({}) == "e3b0c44298fc");
  CHECK(plan_id({action()}) == plan_id({action()}));
  CHECK(plan_id({action()}).size() == 12);
  CHECK(plan_id({action()}).find_first_not_of("0123456789abcdef") == std::string::npos);
}

TEST_CASE("every difference that matters gives another plan id") {
  std::set<std::string> ids{plan_id({}), plan_id({action()}), plan_id({action(), action()})};
  ids.insert(id_with([](Action& a) { a.kind = ActionKind::compare; }));
  ids.insert(id_with([](Action& a) { a.entry.path = RelPath::parse("a/c"); }));
  ids.insert(id_with([](Action& a) { a.from = RelPath::parse("x"); }));
  ids.insert(id_with([](Action& a) { a.entry.kind = EntryKind::symlink; }));
  ids.insert(id_with([](Action& a) { a.entry.size += 1; }));
  ids.insert(id_with([](Action& a) { a.entry.mtime_ns += 1; }));
  ids.insert(id_with([](Action& a) { a.entry.mtime_ns = -1; }));
  ids.insert(id_with([](Action& a) { a.entry.object = ObjectId{7}; }));
  CHECK(ids.size() == 11);
}

TEST_CASE("bytes can't slip from one field of an action into the next") {
  const auto moved = [](const char* path, const char* from) {
    return id_with([&](Action& a) { a.entry.path = RelPath::parse(path), a.from = RelPath::parse(from); });
  };
  CHECK(moved("ab", "c") != moved("a", "bc"));
  CHECK(moved("ab", "") != moved("a", "b"));
}

TEST_CASE("the order of actions is part of the plan id") {
  Action other = action();
  other.entry.path = RelPath::parse("z");
  CHECK(plan_id({action(), other}) != plan_id({other, action()}));
}

TEST_CASE("what does not change the deed does not change the plan id") {
  CHECK(id_with([](Action& a) { a.reason = Reason::resend; }) == plan_id({action()}));
  const auto scan = [](bool with_problem) {
    std::vector<ScanItem> items{file("a")};
    if (with_problem) items.push_back(problem("b", ScanProblem::Kind::special));
    return items;
  };
  CHECK(plan_for(scan(false), {}).id == plan_for(scan(true), {}).id);
}
