#include "execute/tally.h"

#include "support/catch.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

struct Counted {
  JobReport report;
  Ears ears;
  Tally tally{report, ears};
};

}  // namespace

TEST_CASE("a failure casts doubt on the directories above it and on what is below it and on nothing else") {
  Counted c;
  CHECK_FALSE(c.tally.failed_below(rel("")));
  CHECK_FALSE(c.tally.failed_above(rel("a")));
  c.tally.failed(rel("a/b/c"), "no");
  struct Row {
    const char* path;
    bool below, above;
  };
  const Row table[] = {
      {"", true, false},         {"a", true, false},       {"a/b", true, false},
      {"a/b/c", true, true},     {"a/b/c/d", false, true}, {"a/b/c-d", false, false},
      {"a/b/c.d", false, false}, {"a/b-c", false, false},  {"a-b", false, false},
      {"a/bb", false, false},    {"b", false, false},      {"a/b/cc", false, false},
  };
  for (const Row& row : table) {
    INFO(row.path);
    CHECK(c.tally.failed_below(rel(row.path)) == row.below);
    CHECK(c.tally.failed_above(rel(row.path)) == row.above);
  }
  c.tally.failed(rel("a/b-c"), "no");  // sorts between "a/b" and "a/b/c"
  CHECK(c.tally.failed_below(rel("a/b")));
  CHECK_FALSE(c.tally.failed_below(rel("a/bb")));
}

TEST_CASE("doubt counts like a failure but is no problem of its own") {
  Counted c;
  c.tally.doubt(rel("d/f"));
  CHECK(c.tally.failed_below(rel("d")));
  CHECK(c.report.outcome == ExitCode::done);
  CHECK(c.ears.problems == 0);
}

TEST_CASE("errors make a job incomplete and notes and warnings don't") {
  Counted c;
  c.tally.problem(Problem::Severity::note, rel("a"), "n");
  c.tally.problem(Problem::Severity::warning, rel("a"), "w");
  CHECK(c.tally.outcome() == ExitCode::done);
  c.tally.failed(rel("new\nline"), "e");
  CHECK(c.tally.outcome() == ExitCode::incomplete);
  CHECK(c.report.problems.at(2).path == "new\\x0Aline");
  CHECK(c.ears.problems == 3);
}

TEST_CASE("the report keeps the first thousand problems and counts them all") {
  Counted c;
  for (int i = 0; i < 1500; ++i) c.tally.failed(rel("f" + std::to_string(i)), "e");
  CHECK(c.report.problems.size() == JobReport::kMaxProblems);
  CHECK(c.report.problem_count == 1500);
  CHECK(c.ears.problems == 1500);
}

TEST_CASE("the gravest stop stays whatever came first") {
  struct Row {
    FailureClass first, second, stays;
    ExitCode outcome;
    bool lost;
  };
  using enum FailureClass;
  const Row table[] = {
      {no_space, none, no_space, ExitCode::incomplete, false},
      {no_space, stop_run, stop_run, ExitCode::remote_unusable, true},
      {no_space, reconnect, reconnect, ExitCode::remote_unusable, true},
      {no_space, stop_job, stop_job, ExitCode::remote_unusable, false},
      {stop_job, stop_run, stop_run, ExitCode::remote_unusable, true},
      {stop_run, no_space, stop_run, ExitCode::remote_unusable, true},
      {stop_run, stop_job, stop_run, ExitCode::remote_unusable, true},
      {stop_job, no_space, stop_job, ExitCode::remote_unusable, false},
      {stop_run, cancelled, stop_run, ExitCode::remote_unusable, true},
      {cancelled, none, cancelled, ExitCode::done, false},
      {cancelled, stop_run, stop_run, ExitCode::remote_unusable, true},
      {lower_cap, none, lower_cap, ExitCode::remote_unusable, true},
  };
  for (const Row& row : table) {
    INFO(to_string(row.first) << " then " << to_string(row.second));
    Counted c;
    c.tally.stop(row.first, "first");
    c.tally.stop(row.second, "second");
    CHECK(c.tally.stopped());
    CHECK(c.tally.stop_reason() == row.stays);
    CHECK(c.tally.outcome() == row.outcome);
    CHECK(c.report.remote_lost == row.lost);
  }
}
