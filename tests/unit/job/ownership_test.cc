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
