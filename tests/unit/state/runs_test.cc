#include "fixture.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("a run that has begun shows as unfinished until it is finished") {
  StateFixture f;
  REQUIRE(f.state.runs(10).size() == 1);
  CHECK(f.state.runs(10)[0].started_ns == 1);
  CHECK_FALSE(f.state.runs(10)[0].finished_ns);
  CHECK_FALSE(f.state.runs(10)[0].outcome);
  f.state.finish_run(f.run, 9, ExitCode::incomplete, {}, 3, "three files could not be read");
  const RunRow row = f.state.runs(10)[0];
  CHECK(row.run == f.run);
  CHECK(row.finished_ns == 9);
  CHECK(row.outcome == ExitCode::incomplete);
  CHECK(row.problems == 3);
  CHECK(row.message == "three files could not be read");
}

TEST_CASE("every counter of a run comes back as it was given") {
  StateFixture f;
  const JobCounters done{.files_uploaded = 1,
                         .bytes_uploaded = 2,
                         .bytes_sent = 3,
                         .dirs_made = 4,
                         .moved = 5,
                         .removed = 6,
                         .dirs_removed = 7,
                         .recorded = 8,
                         .compared = 9,
                         .kept = 10,
                         .withheld = 11,
                         .retries = 12,
                         .resumed_bytes = 13};
  f.state.finish_run(f.run, 9, ExitCode::done, done, 0, "");
  const JobCounters back = f.state.runs(1)[0].done;
  CHECK(back.files_uploaded == 1);
  CHECK(back.bytes_uploaded == 2);
  CHECK(back.bytes_sent == 3);
  CHECK(back.dirs_made == 4);
  CHECK(back.moved == 5);
  CHECK(back.removed == 6);
  CHECK(back.dirs_removed == 7);
  CHECK(back.recorded == 8);
  CHECK(back.compared == 9);
  CHECK(back.kept == 10);
  CHECK(back.withheld == 11);
  CHECK(back.retries == 12);
  CHECK(back.resumed_bytes == 13);
}

TEST_CASE("runs come newest first and no more than asked for") {
  StateFixture f;
  const RunId second = f.state.begin_run(2);
  const RunId third = f.state.begin_run(3);
  const auto rows = f.state.runs(2);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].run == third);
  CHECK(rows[1].run == second);
}

TEST_CASE("the last success is the newest run that ended as done") {
  StateFixture f;
  CHECK_FALSE(f.state.last_success());
  f.state.finish_run(f.run, 5, ExitCode::done, {}, 0, "");
  f.state.finish_run(f.state.begin_run(6), 7, ExitCode::remote_unusable, {}, 1, "no route");
  f.state.begin_run(8);
  REQUIRE(f.state.last_success());
  CHECK(f.state.last_success()->run == f.run);
}

TEST_CASE("every exit code can be the outcome of a run") {
  StateFixture f;
  for (const ExitCode code : {ExitCode::done, ExitCode::failed, ExitCode::usage, ExitCode::incomplete,
                              ExitCode::guard_refused, ExitCode::remote_unusable, ExitCode::window_ended,
                              ExitCode::locked, ExitCode::interrupted, ExitCode::terminated}) {
    f.state.finish_run(f.state.begin_run(1), 2, code, {}, 0, "");
    CHECK(f.state.runs(1)[0].outcome == code);
  }
}

TEST_CASE("a run that was never begun can't be finished") {
  StateFixture f;
  const auto error = error_of([&] { f.state.finish_run(RunId{99}, 2, ExitCode::done, {}, 0, ""); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
}
