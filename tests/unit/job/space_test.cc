// Uploads that don't fit on the remote.
#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Contents = std::map<std::string, std::string>;

/// Two nights: 100 bytes in the tree, 100 as a version, and another 100 to be sent in the third.
struct Full : Nightly {
  explicit Full(FakeOptions options = {}) : Nightly(options) {
    have_no_catalog("each byte on the server counts");
    profile.jobs[0].on_removal = OnRemoval::retire;
    profile.jobs[0].versions.last = 2;
    for (const char letter : {'x', 'y'}) {
      write("a", std::string(100, letter));
      REQUIRE(run().outcome == ExitCode::done);
    }
    write("a", std::string(100, 'z'));
    server.forget_calls();
  }
  std::optional<GuardRefusal> planned_refusal() {
    std::optional<GuardRefusal> refusal;
    plan_profile(profile, {}, environment(), [&](PlannedJob&& planned) {
      if (!planned.refusals.empty()) refusal = planned.refusals.front();
    });
    return refusal;
  }
};

FakeOptions with_capacity(std::uint64_t bytes) {
  FakeOptions options;
  options.capacity = bytes;
  options.tells_space = true;
  return options;
}

}  // namespace

TEST_CASE("uploads beyond the quota are refused before anything is sent and by the plan already") {
  Full night;
  night.profile.remote.quota = 199;  // 300 are needed, and retention can give 100 back
  REQUIRE(night.planned_refusal());
  CHECK(night.planned_refusal()->guard == Guard::no_space);
  CHECK(night.remotes_opened == 2);
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK(refused.jobs.at(0).refusals.at(0).guard == Guard::no_space);
  CHECK(night.server.calls().empty());
  CHECK(night.versions() == Contents{{"2/t/a", std::string(100, 'x')}});

  RunOptions approved;
  approved.approve = {refused.jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("what retention would delete anyhow goes first when the quota needs its room") {
  Full night;
  night.profile.remote.quota = 200;
  CHECK_FALSE(night.planned_refusal());
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.events.problems().find("deleted before its uploads") != std::string::npos);
  CHECK(night.versions() == Contents{{"3/t/a", std::string(100, 'y')}});
  CHECK(night.stored() == night.expected());
}

TEST_CASE("the newest tree that can be restored never makes room") {
  Full night;
  night.profile.jobs[0].versions.last = 1;
  night.profile.remote.quota = 200;
  CHECK(night.planned_refusal());
  CHECK(night.run().outcome == ExitCode::guard_refused);
  CHECK(night.versions().size() == 1);
}

TEST_CASE("a run that fails after it made room has lost nothing but what was due to go") {
  Full night;
  night.profile.remote.quota = 200;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::put_start) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.versions().empty());
  CHECK(night.stored() == Contents{{"t/a", std::string(100, 'y')}});
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.versions() == Contents{{"4/t/a", std::string(100, 'y')}});
}

TEST_CASE("uploads beyond what the server has left are refused before a byte is sent") {
  Full night(with_capacity(250));
  night.profile.jobs[0].versions = {};  // nothing may go
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK(refused.jobs.at(0).refusals.at(0).guard == Guard::no_space);
  CHECK(night.server.bytes_received() == 200);
  CHECK(night.versions().size() == 1);

  night.profile.remote.watch_space = false;
  CHECK(night.run().outcome != ExitCode::guard_refused);  // it tries
}

TEST_CASE("what retention would delete anyhow goes first when the server needs its room") {
  Full night(with_capacity(250));
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).refusals.empty());
  CHECK(night.stored() == night.expected());
  CHECK(night.versions() == Contents{{"3/t/a", std::string(100, 'y')}});
}

TEST_CASE("free space is asked for once and only when something is uploaded") {
  FakeOptions options;
  options.tells_space = true;
  Nightly night(options);
  night.write("d/a", "1");
  night.write("d/b", "2");
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto asked = [&] {
    int count = 0;
    for (const FakeCall& call : night.server.calls()) count += call.what.starts_with("AVBL") ? 1 : 0;
    return count;
  };
  CHECK(asked() == 1);
  night.server.forget_calls();
  night.remove("d/b");
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(asked() == 0);
}
