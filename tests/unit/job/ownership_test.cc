// Two states and one remote.
#include <filesystem>

#include "job/adopt.h"
#include "job/mirror.h"
#include "job/recover.h"
#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// A second machine: a source and a state of its own, the same remote.
class TwoMachines : public Nightly {
 public:
  TwoMachines() {
    profile.catalog = profile.claims_remote = true;
    write("a", "one");
    other_.profile = profile;
    other_.profile.jobs.front().source = other_.source();
    other_.open_remote = [this](const RemoteSettings&, const ServerMemory&) { return server.remote(); };
    other_.elsewhere = [this](const std::string& name) { return server.file(name); };
    other_.write("a", "another");
  }
  Nightly& other() { return other_; }

 private:
  Nightly other_;
};

bool names_the_guard(const JobReport& report) {
  return report.refusals.size() == 1 && report.refusals[0].guard == Guard::foreign_remote &&
         !report.refusals[0].approvable;
}

}  // namespace

TEST_CASE("a second state may not touch what the first one owns") {
  TwoMachines two;
  REQUIRE(two.run().outcome == ExitCode::done);
  const auto before = two.server.files();
  const RunReport refused = two.other().run();
  CHECK(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.jobs.size() == 1);
  CHECK(names_the_guard(refused.jobs[0]));
  CHECK(refused.jobs[0].outcome == ExitCode::guard_refused);
  CHECK(refused.message.find("belongs to another backup") != std::string::npos);
  CHECK(two.server.files() == before);
  CHECK(two.run().outcome == ExitCode::done);
}

TEST_CASE("an owner is asked for once per run and not at all when nothing is to do") {
  TwoMachines two;
  two.run();
  two.run();
  two.write("b", "two");
  two.server.forget_calls();
  CHECK(two.run().outcome == ExitCode::done);
  CHECK(two.server.count("SIZE .outhaul/owner") == 2);
  CHECK(two.server.count("GET .outhaul/owner") == 0);
  two.run();
  two.server.forget_calls();
  CHECK(two.run().outcome == ExitCode::done);
  CHECK(two.server.calls().empty());
}

TEST_CASE("several jobs of a profile have one owner and are all refused by another") {
  TwoMachines two;
  two.run();
  two.other().add_job("second");
  const RunReport refused = two.other().run();
  CHECK(refused.outcome == ExitCode::guard_refused);
  CHECK(refused.jobs.size() == 1);  // no better for the next one
}

TEST_CASE("a state that is recovered takes the remote over and the old machine is refused") {
  TwoMachines two;
  two.run();
  const RecoverReport recovered = recover_profile(two.other().profile, two.other().environment());
  CHECK(recovered.outcome == ExitCode::done);
  CHECK(two.other().run().outcome == ExitCode::done);
  CHECK(two.server.file("t/a") == "another");
  two.let_the_catalog_be("it is the other state's now");
  two.write("b", "two");
  const RunReport refused = two.run();
  CHECK(refused.outcome == ExitCode::guard_refused);
  CHECK_FALSE(two.server.file("t/b"));
}

TEST_CASE("adopt takes the remote over") {
  TwoMachines two;
  two.profile.catalog = two.other().profile.catalog = false;
  two.run();
  AdoptChoices choices;
  choices.compare = AdoptCompare::size;
  choices.dry_run = true;
  adopt_profile(two.other().profile, choices, two.other().environment());
  CHECK(two.run().outcome == ExitCode::done);
  choices.dry_run = false;
  CHECK(adopt_profile(two.other().profile, choices, two.other().environment()).outcome == ExitCode::done);
  CHECK(two.other().run().outcome == ExitCode::done);
  two.write("b", "two");
  CHECK(two.run().outcome == ExitCode::guard_refused);
}

TEST_CASE("verifying another's remote is refused and records nothing") {
  TwoMachines two;
  two.run();
  recover_profile(two.other().profile, two.other().environment());
  two.server.remove("t/a");
  const VerifyReport refused = two.verify();
  CHECK(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.refusals.size() == 1);
  CHECK(refused.refusals[0].guard == Guard::foreign_remote);
  CHECK(refused.recorded == 0);
}

TEST_CASE("files come back from a remote that another owns now") {
  TwoMachines two;
  two.run();
  recover_profile(two.other().profile, two.other().environment());
  CHECK(two.restore().outcome == ExitCode::done);
  CHECK(read_file(two.beside("back") / "a") == "one");
}

TEST_CASE("a mirror claims nothing and is refused where a backup is") {
  TwoMachines two;
  two.other().profile.claims_remote = two.other().profile.catalog = false;
  CHECK(two.other().run().outcome == ExitCode::done);
  for (const auto& [name, content] : two.server.files()) CHECK(name.find("owner") == std::string::npos);
  two.profile.safety.overwrite = true;
  CHECK(two.run().outcome == ExitCode::done);
  two.other().write("b", "two");
  const RunReport refused = two.other().run();
  CHECK(refused.outcome == ExitCode::guard_refused);
  CHECK_FALSE(two.server.file("t/b"));
}

TEST_CASE("a claim that is cut off at any moment is made good by the next run") {
  for (std::uint64_t nth = 1;; ++nth) {
    TwoMachines two;
    two.server.fail_nth(nth, {Fault::Effect::lost_after, FailureClass::stop_job, 0});
    two.run();
    const bool reached = two.server.moments() >= nth;
    two.server.set_faults({});
    INFO("cut off at moment " << nth);
    CHECK(two.run().outcome == ExitCode::done);
    CHECK(two.stored() == two.expected());
    CHECK(two.other().run().outcome == ExitCode::guard_refused);
    if (!reached || nth > 20) break;
  }
}

namespace {

/// As if somebody had emptied the account, or the disk weren't mounted.
void lose_everything(Nightly& night) {
  night.let_the_catalog_be("it is gone with everything else");
  FakeServer& server = night.server;
  for (const auto& [name, node] : server.tree())
    if (name.find('/') == std::string::npos) server.remove(name);
}

}  // namespace

TEST_CASE("a remote that lost everything gets no run that looks like a success") {
  TwoMachines two;
  for (char name = 'b'; name <= 'f'; ++name) two.write(std::string(1, name), "x");
  REQUIRE(two.run().outcome == ExitCode::done);
  lose_everything(two);
  two.write("new", "one more");
  const RunReport refused = two.run();
  CHECK(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.jobs.size() == 1);
  REQUIRE(refused.jobs[0].refusals.size() == 1);
  CHECK(refused.jobs[0].refusals[0].guard == Guard::lost_mark);
  CHECK_FALSE(refused.jobs[0].refusals[0].approvable);
  CHECK(refused.jobs[0].refusals[0].advice.find("outhaul verify") != std::string::npos);
  CHECK(two.server.tree().empty());
  CHECK(two.run().outcome == ExitCode::guard_refused);
}

TEST_CASE("after somebody has looked at all of a remote without its mark the next run sends everything again") {
  TwoMachines two;
  REQUIRE(two.run().outcome == ExitCode::done);
  lose_everything(two);
  two.write("new", "one more");
  REQUIRE(two.run().outcome == ExitCode::guard_refused);
  CHECK(two.verify().outcome == ExitCode::incomplete);
  CHECK(two.run().outcome == ExitCode::done);
  CHECK(two.server.file("t/a") == "one");
  CHECK(two.server.file("t/new") == "one more");
  CHECK(two.server.file(".outhaul/owner.json"));
  two.write("new", "again");
  CHECK(two.run().outcome == ExitCode::done);
  CHECK(two.verify().outcome == ExitCode::done);  // the catalog included
}

TEST_CASE("a verification that looked at one job of two or was refused leaves the mark expected") {
  TwoMachines two;
  two.profile.jobs.push_back(two.profile.jobs.front());
  two.profile.jobs.back().name = "second";
  two.profile.jobs.back().target = RemotePath::parse("t2");
  two.profile.safety.max_delete = Limit{std::nullopt, 0};
  REQUIRE(two.run().outcome == ExitCode::done);
  lose_everything(two);
  two.write("new", "one more");
  VerifyChoices one;
  one.jobs = {"second"};
  verify_profile(two.profile, one, two.environment());
  CHECK(two.run().outcome == ExitCode::guard_refused);
  CHECK(two.verify().outcome == ExitCode::guard_refused);
  CHECK(two.run().outcome == ExitCode::guard_refused);
}

TEST_CASE("a state that never left a mark and one that stored nothing expect none") {
  TwoMachines two;
  fs::remove(two.source() / "a");
  two.run();
  lose_everything(two);
  two.write("a", "one");
  CHECK(two.run().outcome == ExitCode::done);
}

TEST_CASE("a state that a refused run has left empty is no obstacle to a recovery") {
  TwoMachines two;
  REQUIRE(two.run().outcome == ExitCode::done);
  REQUIRE(two.other().run().outcome == ExitCode::guard_refused);
  SECTION("it is replaced") {
    CHECK(recover_profile(two.other().profile, two.other().environment()).outcome == ExitCode::done);
    CHECK(two.other().state().totals().files == 1);
  }
  SECTION("it comes back when nothing could be recovered") {
    two.server.remove(".outhaul/catalog");
    CHECK_THROWS_AS(recover_profile(two.other().profile, two.other().environment()), Error);
    CHECK(two.other().state().totals().files == 0);
  }
  for (const auto& entry : fs::directory_iterator(two.other().state_dir()))
    CHECK(entry.path().extension() != ".empty");
}
