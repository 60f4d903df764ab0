#include <set>
#include <string>

#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("every reason has a word of its own and an explanation of its own") {
  std::set<std::string_view> words, explanations;
  const int last = static_cast<int>(Reason::too_large);
  for (int i = 0; i <= last; ++i) {
    words.insert(to_string(static_cast<Reason>(i)));
    explanations.insert(explain(static_cast<Reason>(i)));
  }
  CHECK(words.size() == static_cast<std::size_t>(last) + 1);
  CHECK(explanations.size() == words.size());
  CHECK(words.count("unknown") == 0);
  CHECK(words.count("") + explanations.count("") == 0);
  CHECK(to_string(Reason::mtime_changed) == "mtime_changed");
  CHECK(explain(Reason::mtime_changed) == "its modification time changed");
}

TEST_CASE("every action and every guard has a word of its own") {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(ActionKind::withhold); ++i)
    words.insert(to_string(static_cast<ActionKind>(i)));
  for (int i = 0; i <= static_cast<int>(Guard::mass_deletion); ++i)
    words.insert(to_string(static_cast<Guard>(i)));
  CHECK(words == std::set<std::string_view>{"make_dir", "upload", "compare", "move", "remove", "remove_dir",
                                            "record", "forget", "withhold", "missing_source", "empty_source",
                                            "missing_marker", "mass_deletion"});
}
