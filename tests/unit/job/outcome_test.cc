// What the exit code of a run says when several things happen.
#include "nightly.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

std::optional<Fault> refused(FailureClass failure, int code) {
  return Fault{Fault::Effect::refused, failure, code};
}

}  // namespace

TEST_CASE("a job whose target can't be made does not keep the next one from running") {
  Nightly night;
  night.write("f", "1");
  const Job& second = night.add_job("second");
  write_file(second.source / "g", "2");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what == "MKD t") return refused(FailureClass::skip_file, 550);
    return std::nullopt;
  });
  const RunReport report = night.run();
  INFO(night.events.problems());
  REQUIRE(report.jobs.size() == 2);
  CHECK(report.jobs[0].outcome == ExitCode::remote_unusable);
  CHECK(report.jobs[1].outcome == ExitCode::done);
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(night.server.file("second/g") == "2");
}

TEST_CASE("a remote that is lost in one job is not tried again by the next") {
  Nightly night;
  night.write("f", "1");
  write_file(night.add_job("second").source / "g", "2");
  int connects = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::connect) return std::nullopt;
    ++connects;
    return refused(FailureClass::stop_run, 530);
  });
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(report.jobs.size() == 1);
  CHECK(connects == 1);
}

TEST_CASE("a job whose target was changed in the profile is refused and the next one runs") {
  Nightly night;
  night.write("f", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  write_file(night.add_job("second").source / "g", "2");
  night.profile.jobs[0].target = RemotePath::parse("elsewhere");
  const RunReport report = night.run();
  INFO(night.events.problems());
  REQUIRE(report.jobs.size() == 2);
  CHECK(report.jobs[0].outcome == ExitCode::failed);
  CHECK(report.jobs[1].outcome == ExitCode::done);
  CHECK(report.outcome == ExitCode::failed);
  CHECK(night.server.file("second/g") == "2");
}

TEST_CASE("a stop does not hide that something failed before it") {
  Nightly night;
  night.profile.remote.connections = 1;
  for (char name = 'a'; name < 'k'; ++name) night.write(std::string("d/") + name, "x");
  // The first file is refused for good; then the window ends.
  int puts = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::put_start && ++puts <= 2) return refused(FailureClass::stop_job, 553);
    return std::nullopt;
  });
  SECTION("a request to stop during the scan of the next job") {
    Job& second = night.add_job("second");
    write_file(second.source / "g", "2");
    const RunReport report = night.run();
    CHECK(report.outcome == ExitCode::remote_unusable);
    CHECK(report.jobs.size() == 2);
  }
}

TEST_CASE("a window that ends after a failure leaves the failure's exit code") {
  Nightly night;
  night.profile.remote.connections = 1;
  night.write("a", "x");
  night.write(std::string(200, '\n'), "its name is too long");
  night.write("z", "x");
  RunOptions options;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::put_start) night.cancel.cancel(-2);  // as a window does
    return std::nullopt;
  });
  const RunReport report = night.run(options);
  REQUIRE(report.jobs.size() == 1);
  CHECK(report.jobs[0].outcome == ExitCode::incomplete);
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(says(night, "longer than 255 bytes"));
}

TEST_CASE("a window that had ended before the run began lets nothing be sent") {
  Nightly night;
  night.write("a", "x");
  RunOptions options;
  options.until_ns = night.clock.now_ns() - 1'000'000'000;
  const RunReport report = night.run(options);
  CHECK(report.outcome == ExitCode::window_ended);
  CHECK(report.not_begun == std::vector<std::string>{"data"});
  CHECK(night.stored().empty());
}

TEST_CASE("a run that ends early tells how much is left") {
  Nightly night;
  night.profile.remote.connections = 1;
  for (int i = 0; i < 10; ++i) night.write("d/f" + std::to_string(i), std::string(100, 'x'));
  night.add_job("later");
  int stored = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::put_reply && ++stored == 4) night.cancel.cancel(15);
    return std::nullopt;
  });
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::terminated);
  REQUIRE(report.jobs.size() == 1);
  const JobReport& job = report.jobs[0];
  CHECK(job.left.files == 10 - job.done.files_uploaded);
  CHECK(job.left.bytes <= job.left.files * 100);
  CHECK(job.left.bytes >= 500);  // what was not even begun
  CHECK(report.not_begun == std::vector<std::string>{"later"});

  Nightly tomorrow;
  tomorrow.write("a", "x");
  CHECK(tomorrow.run().jobs[0].left.files == 0);
}

TEST_CASE("a connection that is lost after the server was full is the graver of the two") {
  FakeOptions options;
  options.capacity = 1500;
  Nightly night(options);
  night.have_no_catalog("the server has room for the files alone");
  night.profile.remote.connections = 1;
  night.write("e/old", "e");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("e/old");
  night.write("f", std::string(2000, 'x'));
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.starts_with("DELE ")) return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
    return std::nullopt;
  });
  CHECK(night.run().outcome == ExitCode::remote_unusable);
  CHECK(says(night, "no space"));
  CHECK(says(night, "the connection broke"));
}
