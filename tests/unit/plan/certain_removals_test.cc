#include "plan/certain_removals.h"

#include <map>
#include <set>

#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

Entry sized(const std::string& path, std::uint64_t size) {
  return with(file(path), [size](Entry& entry) { entry.size = size; });
}

Action acting(ActionKind kind, Entry entry, Reason reason = Reason::added) {
  return {kind, reason, false, std::move(entry), {}};
}

Sha256Digest digest(char letter) {
  Sha256Digest all{};
  all.fill(static_cast<std::byte>(letter));
  return all;
}

/// Contents as letters: 'a' is what "a" holds; '?' can't be told.
struct Contents {
  std::map<std::string, char> letters;
  std::set<std::string> asked;
  ContentDigests digests() {
    const auto tell = [this](const Action& action) -> std::optional<Sha256Digest> {
      const std::string& path = action.entry.path.bytes();
      asked.insert(path);
      const auto letter = letters.find(path);
      if (letter == letters.end() || letter->second == '?') return std::nullopt;
      return digest(letter->second);
    };
    return {tell, tell};
  }
};

}  // namespace

TEST_CASE("a removal is certain unless what is still to be stored may be its content under a new name") {
  struct Row {
    std::uint64_t gone, waiting;  // sizes
    char gone_holds, waiting_holds;
    bool certain, reads;
  };
  const Row table[] = {
      {100, 101, 'a', 'a', true, false}, {100, 99, 'a', 'a', true, false},  {100, 100, 'a', 'b', true, true},
      {100, 100, 'a', 'a', false, true}, {100, 100, '?', 'b', false, true}, {100, 100, 'a', '?', false, true},
      {0, 0, 'a', 'a', false, true},
  };
  for (const Row& row : table) {
    INFO(row.gone << row.gone_holds << " is removed, " << row.waiting << row.waiting_holds << " waits");
    Contents contents{{{"gone", row.gone_holds}, {"waiting", row.waiting_holds}}, {}};
    const Action gone = acting(ActionKind::remove, sized("gone", row.gone));
    const Action waiting = acting(ActionKind::upload, sized("waiting", row.waiting));
    const std::vector<const Action*> removals{&gone}, unstored{&waiting};
    CHECK(certain_removals(removals, unstored, contents.digests()).size() == (row.certain ? 1 : 0));
    CHECK(contents.asked.empty() == !row.reads);
  }
}

TEST_CASE("what lies where a file is to stand that isn't stored yet is no certain removal") {
  Contents contents;
  const Action below = acting(ActionKind::remove, sized("p/x", 5));
  const Action beside = acting(ActionKind::remove, sized("p2", 5));
  const Action waiting = acting(ActionKind::upload, sized("p", 7));
  const std::vector<const Action*> removals{&below, &beside}, unstored{&waiting};
  CHECK(certain_removals(removals, unstored, contents.digests()) == std::vector<const Action*>{&beside});
}

TEST_CASE("each removal is judged by itself and keeps its place") {
  Contents contents{{{"1", 'x'}, {"2", 'y'}, {"3", 'z'}, {"new", 'y'}, {"other", 'q'}}, {}};
  const std::vector<Action> gone{
      acting(ActionKind::remove, sized("1", 5)), acting(ActionKind::remove, sized("2", 5)),
      acting(ActionKind::remove, sized("3", 5)), acting(ActionKind::remove, sized("4", 6))};
  const std::vector<Action> waiting{acting(ActionKind::compare, sized("new", 5)),
                                    acting(ActionKind::upload, sized("other", 5))};
  std::vector<const Action*> removals, unstored;
  for (const Action& action : gone) removals.push_back(&action);
  for (const Action& action : waiting) unstored.push_back(&action);
  std::vector<std::string> names;
  for (const Action* action : certain_removals(removals, unstored, contents.digests()))
    names.push_back(action->entry.path.bytes());
  CHECK(names == std::vector<std::string>{"1", "3", "4"});
}

TEST_CASE(
    "only files that leave the remote for good make room and every file that waits may be their new name") {
  Plan plan;
  plan.actions = {acting(ActionKind::make_dir, dir("d")),
                  acting(ActionKind::compare, stored(file("compared"))),
                  acting(ActionKind::upload, file("sent")),
                  acting(ActionKind::move, stored(file("moved"))),
                  acting(ActionKind::record, stored(file("recorded"))),
                  acting(ActionKind::forget, stored(file("kept"))),
                  acting(ActionKind::retire, stored(file("retired"))),
                  acting(ActionKind::remove, stored(file("removed"))),
                  acting(ActionKind::remove, file("without an object")),
                  acting(ActionKind::remove_dir, dir("e")),
                  acting(ActionKind::withhold, stored(file("doubtful")), Reason::under_doubt),
                  acting(ActionKind::withhold, file("long"), Reason::name_too_long),
                  acting(ActionKind::withhold, dir("long dir"), Reason::name_too_long),
                  acting(ActionKind::withhold, file("large"), Reason::too_large)};
  const auto names = [](const std::vector<const Action*>& actions) {
    std::vector<std::string> paths;
    for (const Action* action : actions) paths.push_back(action->entry.path.bytes());
    return paths;
  };
  CHECK(names(removals_of(plan)) == Lines{"removed"});
  CHECK(names(unstored_files_of(plan)) == Lines{"compared", "sent", "moved", "long", "large"});
}

TEST_CASE("removals stay when something that is to be stored fails in or below the same directory") {
  Plan plan;
  plan.actions = {acting(ActionKind::upload, sized("d/e/log", 5)), acting(ActionKind::remove, sized("d/gone", 1)),
                  acting(ActionKind::retire, sized("top", 1)), acting(ActionKind::remove, sized("d/e/f/deep", 1)),
                  acting(ActionKind::remove, sized("other/gone", 1)), acting(ActionKind::upload, sized("other/new", 2))};
  const auto beside = [&](std::vector<const char*> failing) {
    std::vector<RelPath> paths;
    for (const char* path : failing) paths.push_back(RelPath::parse(path));
    return removals_beside(plan, paths);
  };
  CHECK(beside({}) == 0);
  CHECK(beside({"d/e/log"}) == 2);                // "d/gone" and "top", not what lies deeper
  CHECK(beside({"d/e/log", "other/new"}) == 3);
  CHECK(beside({"d/e/nothing of the plan"}) == 0);
}
