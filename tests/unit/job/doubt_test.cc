// Doubt forbids deletion, and what was not stored is never called stored.
#include "nightly.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

void refuse(Nightly& night, const std::string& prefix, std::size_t times = SIZE_MAX,
            FailureClass failure = FailureClass::skip_file, int code = 550) {
  auto left = std::make_shared<std::size_t>(times);
  night.server.set_faults([=](const FakeCall& call) -> std::optional<Fault> {
    if (*left == 0 || !call.what.starts_with(prefix)) return std::nullopt;
    --*left;
    return Fault{Fault::Effect::refused, failure, code};
  });
}

}  // namespace

TEST_CASE("a full server loses nothing: what may be the old name of a file that did not fit stays") {
  FakeOptions options;
  options.capacity = 2500;
  Nightly night(options);
  night.have_no_catalog("the server has room for the files alone");
  night.write("d/report-1", std::string(2000, 'r'));
  night.write("e/old", std::string(10, 'e'));
  night.write("e/stays", "s");
  REQUIRE(night.run().outcome == ExitCode::done);
  // Saved under another name by an editor: the same content, but not a rename that could be recognised.
  night.write("d/report-2", std::string(2000, 'r'));
  night.remove("d/report-1");
  night.remove("e/old");
  night.profile.remote.connections = GENERATE(1, 3);
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.server.file("t/d/report-1"));
  CHECK_FALSE(night.server.file("t/d/report-2"));
  CHECK_FALSE(night.server.file("t/e/old"));  // elsewhere room is still made
}

TEST_CASE("a full server keeps what a file that did not fit was to replace") {
  FakeOptions options;
  options.capacity = 1500;
  Nightly night(options);
  night.have_no_catalog("the server has room for the files alone");
  night.write("p/x", std::string(1000, 'x'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("p");
  night.write("p", std::string(2000, 'p'));
  CHECK(night.run().outcome == ExitCode::incomplete);
  CHECK(night.server.file("t/p/x"));
  night.server.change({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("every file that a stop left unsent counts as doubt and not only the one that met it") {
  FakeOptions options;
  options.capacity = 1500;
  Nightly night(options);
  night.have_no_catalog("the server has room for the files alone");
  night.profile.remote.connections = 1;
  night.write("z/old", "old");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.write("a/too-large", std::string(5000, 'a'));
  night.write("z/new", "new");
  night.remove("z/old");
  CHECK(night.run().outcome == ExitCode::incomplete);
  const bool one_of_them = night.server.file("t/z/old") || night.server.file("t/z/new");
  CHECK(one_of_them);
}

TEST_CASE("a file that waits for its name is sent again as often as any other when its proof fails") {
  const std::size_t wrong = GENERATE(1u, 2u, 3u, 9u);
  Nightly night;
  night.profile.remote.connections = GENERATE(1, 3);
  night.write("p/x", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.remove("p");
  night.write("p", "now a file");
  refuse(night, "SIZE .outhaul/parts/", wrong);
  const RunReport report = night.run();
  INFO(night.events.problems());
  if (report.outcome == ExitCode::done) CHECK(night.stored() == night.expected());
  CHECK((report.outcome == ExitCode::done) == (wrong < 3));
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.plan().empty());
}

TEST_CASE("a file that could not be moved away leaves its old name and directory all the same") {
  Nightly night;
  night.write("old/f", std::string(1000, 'f'));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.rename("old/f", "new/f");
  night.remove("old");
  refuse(night, "RNFR t/");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.removed == 1);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored_dirs() == night.expected_dirs());
  CHECK(night.plan().empty());
}

TEST_CASE("a new directory below one that somebody removed on the server is made with it") {
  Nightly night;
  night.write("d/a", "1");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove("t/d");
  night.write("d/new/deep/b", "2");
  const RunReport report = night.run();
  INFO(night.events.problems());
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.server.file("t/d/new/deep/b") == "2");
}

TEST_CASE("a server that gives nothing back still gets the rest of a file that was cut off") {
  Nightly night;
  night.profile.remote.connections = 1;
  night.profile.remote.retries = 0;
  night.write("big", std::string(1'000'000, 'b'));
  bool cut = false;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::get) return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
    if (cut || call.point != FakePoint::put_middle) return std::nullopt;
    cut = true;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  REQUIRE(night.run().outcome == ExitCode::incomplete);
  REQUIRE(cut);
  CHECK(night.run().outcome == ExitCode::done);  // can't compare what is there: starts over
  CHECK(night.stored() == night.expected());
}
