// Private files stay private on the remote.
#include <sys/stat.h>

#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Mode = std::optional<std::uint32_t>;

struct PrivateNight : Nightly {
  PrivateNight() { profile.catalog = profile.claims_remote = true; }
  void give(const std::string& path, std::uint32_t mode) {
    REQUIRE(::chmod((source() / path).c_str(), mode) == 0);
  }
  Mode mode_of(const std::string& path) const {
    const auto tree = server.tree();
    const auto at = tree.find(path);
    REQUIRE(at != tree.end());
    return at->second.mode;
  }
};

}  // namespace

TEST_CASE("a private file and a private directory are private on the remote before they have their names") {
  PrivateNight night;
  night.write("open", "1");
  night.write("secret", "2");
  night.write("d/inside", "3");
  night.give("open", 0644);
  night.give("secret", 0600);
  night.give("d", 0700);
  night.give("d/inside", 0640);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.mode_of("t/secret") == Mode(0600));
  CHECK(night.mode_of("t/d") == Mode(0700));
  CHECK(night.mode_of("t/d/inside") == Mode(0640));
  CHECK(night.mode_of("t/open") == Mode());
  CHECK(night.mode_of(".outhaul") == Mode(0700));
  std::size_t chmods = 0, of_parts = 0;
  for (const FakeCall& call : night.server.calls()) {
    if (!call.what.starts_with("SITE CHMOD")) continue;
    ++chmods;
    of_parts += call.what.starts_with("SITE CHMOD .outhaul/parts/") ? 1 : 0;
  }
  CHECK(of_parts == 2);
  CHECK(chmods >= 4);
}

TEST_CASE("a file that became private is made so on the remote and nothing is sent") {
  PrivateNight night;
  night.write("a", "1");
  night.write("d/b", "2");
  night.give("a", 0644);
  night.give("d", 0755);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.give("a", 0600);
  night.give("d", 0750);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.files_uploaded == 0);
  CHECK(night.mode_of("t/a") == Mode(0600));
  CHECK(night.mode_of("t/d") == Mode(0750));
  CHECK(night.plan().empty());
}

TEST_CASE("a file that moved and became private is both on the remote") {
  PrivateNight night;
  night.write("a", "1");
  night.give("a", 0644);
  REQUIRE(night.run().outcome == ExitCode::done);
  REQUIRE(::rename((night.source() / "a").c_str(), (night.source() / "b").c_str()) == 0);
  night.give("b", 0600);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).done.moved == 1);
  CHECK(night.mode_of("t/b") == Mode(0600));
}

TEST_CASE("a mode whose command failed with the line is set by the next run") {
  PrivateNight night;
  night.write("a", "1");
  night.give("a", 0644);
  REQUIRE(night.run().outcome == ExitCode::done);
  night.give("a", 0600);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("SITE CHMOD")) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.mode_of("t/a") == Mode(0600));
}

TEST_CASE("a publication that was cut off before its mode was set is private once it is finished") {
  const bool replaced = GENERATE(false, true);
  PrivateNight night;
  night.write("secret", "1");
  night.give("secret", 0600);
  if (replaced) {
    REQUIRE(night.run().outcome == ExitCode::done);
    night.write("secret", "another");
    night.give("secret", 0600);
  }
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("SITE CHMOD .outhaul/parts/")) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::reconnect, 0};
  });
  CHECK(night.run().outcome != ExitCode::done);
  night.server.set_faults({});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.file("t/secret") == (replaced ? "another" : "1"));
  CHECK(night.mode_of("t/secret") == Mode(0600));
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.mode_of("t/secret") == Mode(0600));
}

TEST_CASE("a server without modes stores everything and is told of once as long as there is something private") {
  PrivateNight night;
  FakeOptions options;
  options.has_modes = false;
  night.server.change(options);
  night.write("secret", "2");
  night.give("secret", 0600);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  REQUIRE(report.jobs.at(0).problems.size() == 1);
  const Problem& note = report.jobs.at(0).problems.front();
  CHECK(note.severity == Problem::Severity::note);
  CHECK(note.message.find("\"secret\" has not the permissions") != std::string::npos);
  CHECK(note.advice.find("remote_modes") != std::string::npos);
  CHECK(night.server.file("t/secret") == "2");
  CHECK(night.run().jobs.at(0).problems.empty());
}

TEST_CASE("a job that leaves modes to the server sends no such command") {
  PrivateNight night;
  night.profile.jobs.front().remote_modes.rule = RemoteModes::Rule::by_server;
  night.write("secret", "2");
  night.give("secret", 0600);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.server.count("SITE CHMOD") == 0);
}

TEST_CASE("a web server's modes are the same for everything whatever the source has") {
  PrivateNight night;
  night.profile.jobs.front().remote_modes = {RemoteModes::Rule::fixed, 0664, 0775};
  night.write("d/a", "2");
  night.give("d/a", 0600);
  night.give("d", 0700);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.mode_of("t/d/a") == Mode(0664));
  CHECK(night.mode_of("t/d") == Mode(0775));
  night.give("d/a", 0644);
  REQUIRE(night.run().outcome == ExitCode::done);
  CHECK(night.mode_of("t/d/a") == Mode(0664));
}
