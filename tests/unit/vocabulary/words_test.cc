#include <set>
#include <string>

#include "outhaul/error.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "outhaul/remote.h"
#include "outhaul/verify.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

/// The words of the values 0 … `last`, checked for shape and for being different from each other.
template <typename Enum>
std::set<std::string> words_up_to(Enum last) {
  std::set<std::string> words;
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    const std::string word(to_string(static_cast<Enum>(value)));
    CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
    CHECK(word != "unknown");
    CHECK(words.insert(word).second);
  }
  return words;
}

Plan plan_of(std::initializer_list<ActionKind> kinds) {
  Plan plan;
  for (const ActionKind kind : kinds) {
    plan.actions.emplace_back();
    plan.actions.back().kind = kind;
  }
  return plan;
}

}  // namespace

TEST_CASE("every enum value has one stable word of its own") {
  CHECK(words_up_to(Reason::too_large).count("mtime_changed") == 1);
  CHECK(words_up_to(ActionKind::withhold).count("make_dir") == 1);
  CHECK(words_up_to(Guard::taken_names).count("mass_deletion") == 1);
  CHECK(words_up_to(VerifyFinding::Kind::foreign).count("missing") == 1);
  CHECK(words_up_to(FailureClass::cancelled).count("lower_cap") == 1);
}

TEST_CASE("every exit code has a word") {
  CHECK(to_string(ExitCode::done) == "done");
  CHECK(to_string(ExitCode::guard_refused) == "guard_refused");
  CHECK(to_string(ExitCode::terminated) == "terminated");
}

TEST_CASE("every reason is explained to people") {
  std::set<std::string> sentences;
  for (int value = 0; value <= static_cast<int>(Reason::too_large); ++value)
    CHECK(sentences.insert(std::string(explain(static_cast<Reason>(value)))).second);
  CHECK(explain(Reason::mtime_changed) == "its modification time changed");
}

TEST_CASE("a plan that only touches the state needs no remote") {
  CHECK_FALSE(plan_of({}).needs_remote());
  CHECK_FALSE(plan_of({ActionKind::record, ActionKind::forget, ActionKind::withhold}).needs_remote());
  CHECK(plan_of({ActionKind::record, ActionKind::compare}).needs_remote());
  CHECK(plan_of({ActionKind::remove_dir}).needs_remote());
}
