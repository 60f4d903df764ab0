// Refusals before the first byte.
#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// A profile whose remote holds `count` files.
void fill(Nightly& night, int count) {
  for (int i = 0; i < count; ++i) night.write("d/f" + std::to_string(i), std::to_string(i));
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.forget_calls();
}

/// What a run refused for, and its advice.
GuardRefusal only_refusal(const RunReport& report) {
  CHECK(report.outcome == ExitCode::guard_refused);
  REQUIRE(report.jobs.at(0).refusals.size() == 1);
  return report.jobs.at(0).refusals.at(0);
}

}  // namespace

TEST_CASE("pain 1: an empty source is refused and nothing is deleted") {
  Nightly night;
  fill(night, 5);
  const auto before = night.stored();
  night.remove("d");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::guard_refused);
  CHECK(report.jobs.at(0).refusals.at(0).guard == Guard::empty_source);
  CHECK(night.server.calls().empty());
  CHECK(night.stored() == before);
}

TEST_CASE("pain 1: a missing source is refused and is not an empty one") {
  Nightly night;
  fill(night, 5);
  std::filesystem::remove_all(night.source());
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::guard_refused);
  CHECK(report.jobs.at(0).refusals.at(0).guard == Guard::missing_source);
  CHECK_FALSE(report.jobs.at(0).refusals.at(0).approvable);
  CHECK(night.server.calls().empty());
}

TEST_CASE("a source that is a file is named as such") {
  Nightly night;
  std::filesystem::remove_all(night.source());
  write_file(night.source(), "I am a file");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::failed);
  CHECK(night.events.problems().find("directory") != std::string::npos);
}

TEST_CASE("a missing marker refuses the job until it is there") {
  Nightly night;
  night.write("f", "1");
  night.profile.safety.require = {(night.source() / ".mounted").native()};
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::guard_refused);
  CHECK(report.jobs.at(0).refusals.at(0).guard == Guard::missing_marker);
  CHECK(night.remotes_opened == 0);
  night.write(".mounted", "");
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE("a mass deletion is refused and exactly that plan can be approved") {
  Nightly night;
  fill(night, 40);
  for (int i = 0; i < 30; ++i) night.remove("d/f" + std::to_string(i));
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.jobs.at(0).refusals.at(0).guard == Guard::mass_deletion);
  CHECK(night.server.calls().empty());

  RunOptions wrong;
  wrong.approve = {"000000000000"};
  CHECK(night.run(wrong).outcome == ExitCode::guard_refused);

  RunOptions approved;
  approved.approve = {refused.jobs.at(0).plan_id};
  night.remove("d/f30");  // one more: it is another plan now
  CHECK(night.run(approved).outcome == ExitCode::guard_refused);

  approved.approve = {night.run().jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a night in which nearly everything was rewritten is refused before its first byte") {
  Nightly night;
  fill(night, 120);
  const auto before = night.stored();
  for (int i = 0; i < 120; ++i) night.write("d/f" + std::to_string(i), "encrypted " + std::to_string(i));
  night.write("d/READ_ME_TO_DECRYPT", "pay");
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.jobs.at(0).refusals.at(0).guard == Guard::mass_change);
  CHECK(refused.jobs.at(0).planned.replaces == 120);
  CHECK(night.server.calls().empty());
  CHECK(night.stored() == before);

  RunOptions approved;
  approved.approve = {refused.jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("a night of new files only is no mass change") {
  Nightly night;
  fill(night, 3);
  for (int i = 0; i < 200; ++i) night.write("new/f" + std::to_string(i), "new");
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE("pain 1: a source that is not mounted tonight is refused until it is or that is approved") {
  Nightly night;
  const SeenMount disk{{"/mnt/disk", "ext4", 7}, {"/", "/mnt/disk"}}, bare{{"/", "ext4", 1}, {"/"}};
  night.mount = disk;
  fill(night, 5);
  night.mount = bare;
  night.write("d/f0", "a stale copy");
  const RunReport refused = night.run();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.jobs.at(0).refusals.at(0).guard == Guard::other_mount);
  CHECK(night.server.calls().empty());
  bool planned_so = false;
  plan_profile(night.profile, {}, night.environment(), [&](PlannedJob&& planned) {
    planned_so = planned.refusals.at(0).guard == Guard::other_mount;
  });
  CHECK(planned_so);

  night.mount = disk;
  CHECK(night.run().outcome == ExitCode::done);
  night.mount = bare;
  RunOptions approved;
  approved.approve = {night.run().jobs.at(0).plan_id};
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.run().outcome == ExitCode::done);  // it is remembered
}

TEST_CASE("where nobody can tell what a source lies on nothing is refused and nothing forgotten") {
  Nightly night;
  night.mount = SeenMount{{"/mnt/disk", "ext4", 7}, {"/", "/mnt/disk"}};
  fill(night, 5);
  night.mount.reset();
  CHECK(night.run().outcome == ExitCode::done);
  night.mount = SeenMount{{"/", "ext4", 1}, {"/"}};
  CHECK(night.run().outcome == ExitCode::guard_refused);
}

TEST_CASE("a source that the profile changes may lie on another file system") {
  Nightly night;
  night.mount = SeenMount{{"/mnt/disk", "ext4", 7}, {"/", "/mnt/disk"}};
  fill(night, 5);
  std::filesystem::rename(night.source(), night.beside("moved"));
  night.profile.jobs[0].source = night.beside("moved");
  night.mount = SeenMount{{"/", "ext4", 1}, {"/"}};
  CHECK(night.run().outcome == ExitCode::done);
}

TEST_CASE("a refused job does not keep the next one from running") {
  Nightly night;
  Job other = night.profile.jobs[0];
  other.name = "other";
  other.target = RemotePath::parse("o");
  night.profile.jobs[0].source = night.source() / "missing";
  night.profile.jobs.push_back(other);
  night.write("f", "1");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::guard_refused);
  CHECK(report.jobs.at(1).outcome == ExitCode::done);
  CHECK(night.server.file("o/f") == "1");
}

TEST_CASE("a first run doesn't replace what others have stored under the same names") {
  Nightly night;
  night.write("index.html", "mine");
  night.write("css/site.css", "mine");
  night.write("new", "mine");
  night.server.put_file("t/index.html", "somebody else's");
  night.server.put_file("t/css/site.css", "somebody else's");
  const auto before = night.stored();
  const GuardRefusal refusal = only_refusal(night.run());
  CHECK(refusal.guard == Guard::taken_names);
  CHECK(refusal.approvable);
  CHECK(refusal.message.find("\"t\" already holds 2 files") != std::string::npos);
  CHECK(refusal.message.find("\"t/css/site.css\", \"t/index.html\"") != std::string::npos);
  CHECK(refusal.advice.find("outhaul adopt PROFILE") != std::string::npos);
  CHECK(night.stored() == before);

  SECTION("each time until they are approved, and then no more") {
    const std::string advice = only_refusal(night.run()).advice;
    RunOptions approved;
    approved.approve = {advice.substr(advice.find("--approve ") + 10, 12)};
    CHECK(night.run(approved).outcome == ExitCode::done);
    CHECK(night.stored() == night.expected());
    night.write("css/site.css", "newer");
    CHECK(night.run().outcome == ExitCode::done);
  }
  SECTION("where that may be") {
    night.profile.safety.overwrite = true;
    CHECK(night.run().outcome == ExitCode::done);
    CHECK(night.stored() == night.expected());
  }
}

TEST_CASE("a first run goes between what others have stored where no file would be replaced") {
  Nightly night;
  night.write("css/site.css", "mine");
  night.write("index.html", "mine");
  night.server.put_file("t/css/other.css", "theirs");
  night.server.put_file("t/images/site.css", "theirs");
  night.server.put_file("t/index.htm", "theirs");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().size() == 5);
  CHECK(night.server.count("LIST t/images") == 0);  // no directory of the source
}

TEST_CASE("a target is looked at until a run has stored something there") {
  Nightly night;
  CHECK(night.run().outcome == ExitCode::done);  // an empty source
  std::filesystem::create_directory(night.source() / "d");
  CHECK(night.run().outcome == ExitCode::done);
  night.write("a", "1");
  night.server.put_file("t/a", "theirs");
  CHECK(only_refusal(night.run()).guard == Guard::taken_names);
  night.server.remove("t/a");
  CHECK(night.run().outcome == ExitCode::done);
  night.server.forget_calls();
  night.write("b", "2");
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.server.count("LIST t") == 0);
}

TEST_CASE("an approval of taken names is for exactly these in this place") {
  Nightly night;
  night.write("a", "1");
  night.write("b", "2");
  night.server.put_file("t/a", "theirs");
  const RunReport refused = night.run();
  const std::string advice = only_refusal(refused).advice;
  RunOptions approved;
  approved.approve = {advice.substr(advice.find("--approve ") + 10, 12)};
  RunOptions plan_alone;
  plan_alone.approve = {refused.jobs.at(0).plan_id};
  CHECK(only_refusal(night.run(plan_alone)).guard == Guard::taken_names);  // may be of another guard
  night.server.put_file("t/b", "theirs");
  CHECK(only_refusal(night.run(approved)).guard == Guard::taken_names);
  CHECK(night.server.file("t/b") == "theirs");
  night.server.remove("t/b");
  CHECK(night.run(approved).outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}

TEST_CASE("names that a truncated listing leaves out are asked for") {
  FakeOptions options;
  options.listing_untrusted = "it was cut off";
  Nightly night(options);
  night.write("a", "1");
  night.server.put_file("t/a", "theirs");
  CHECK(only_refusal(night.run()).guard == Guard::taken_names);
}

TEST_CASE("a mirror that refuses speaks of no profile") {
  Nightly night;
  night.profile.safety.one_shot = true;
  night.write("a", "1");
  night.server.put_file("t/a", "theirs");
  const GuardRefusal refusal = only_refusal(night.run());
  CHECK(refusal.advice.find("--overwrite") != std::string::npos);
  CHECK(refusal.advice.find("PROFILE") == std::string::npos);
}
