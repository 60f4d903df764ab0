// adopt: what lies on the remote already isn't sent again.
#include "job/adopt.h"

#include <fmt/format.h>

#include "nightly.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Lines = std::vector<std::string>;

AdoptReport adopt(Nightly& night, AdoptCompare compare, bool dry_run = false) {
  return adopt_profile(night.profile, {{}, compare, dry_run}, night.environment());
}

/// A source, and a remote that another tool has filled from it, more or less.
struct Found : Nightly {
  explicit Found(FakeOptions options = {}) : Nightly(std::move(options)) {
    for (const char* path : {"a", "b", "d/e/one", "d/two", "new"}) write(path, std::string("of ") + path);
    for (const char* path : {"a", "d/e/one", "d/two"})
      server.put_file(fmt::format("t/{}", path), std::string("of ") + path);
    server.put_file("t/b", "another size");
    server.put_file("t/old", "?");
    server.put_file("t/old-dir/x", "?");
  }
};

}  // namespace

TEST_CASE("what is the same is taken over and only the rest is sent") {
  Found night;
  const AdoptReport report = adopt(night, AdoptCompare::size);
  CHECK(report.outcome == ExitCode::done);
  REQUIRE(report.jobs.size() == 1);
  CHECK(report.jobs[0].files == 3);
  CHECK(report.jobs[0].directories == 2);
  CHECK(report.jobs[0].missing == 1);
  CHECK(report.jobs[0].differing == 1);
  CHECK(report.jobs[0].foreign == 2);
  CHECK(night.server.count("PUT") + night.server.count("DELE") + night.server.count("RNFR") == 0);
  CHECK(night.plan() == Lines{"upload b", "upload new"});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().at("t/old") == "?");
  CHECK(night.stored().at("t/b") == "of b");
  CHECK(night.plan().empty());
  CHECK(night.verify({{}, ReadChoice{ReadChoice::How::all, 0, 0}, {}, false}).counts.read == 5);
}

TEST_CASE("reading finds other content of the same size and a time that differs is a difference") {
  Found night;
  night.server.put_file("t/a", "fo a");
  CHECK(adopt(night, AdoptCompare::read, true).jobs.at(0).files == 2);
  CHECK(adopt(night, AdoptCompare::size, true).jobs.at(0).files == 3);
  CHECK(adopt(night, AdoptCompare::mtime, true).jobs.at(0).files == 0);
  CHECK(night.plan().size() > 5);  // a dry run has taken nothing over
  CHECK(adopt(night, AdoptCompare::read).jobs.at(0).differing == 2);
  CHECK(night.plan() == Lines{"upload a", "upload b", "upload new"});
}

TEST_CASE("the server's digests tell what is the same where it has any") {
  FakeOptions options;
  options.digest = DigestKind::sha1;
  Found night(options);
  night.server.put_file("t/a", "fo a");
  CHECK(adopt(night, AdoptCompare::hash).jobs.at(0).files == 2);
  Found without;
  const AdoptReport report = adopt(without, AdoptCompare::hash);
  CHECK(report.outcome != ExitCode::done);
  CHECK(report.message.find("digests") != std::string::npos);
}

TEST_CASE("a dry run makes no state") {
  Found night;
  CHECK(adopt(night, AdoptCompare::size, true).jobs.at(0).files == 3);
  CHECK_FALSE(std::filesystem::exists(night.state_root()));
}

TEST_CASE("foreign files are deleted only where the profile says so and never in a dry run") {
  Found night;
  night.server.put_file("t/old-dir/deep/y", "?");
  night.server.put_file(".outhaul/versions/1/t/a", "?");
  night.server.put_file("beside", "another's");
  night.profile.jobs[0].foreign = OnForeign::remove;
  CHECK(adopt(night, AdoptCompare::size, true).jobs.at(0).foreign == 2);
  CHECK(night.server.count("DELE") == 0);
  const AdoptReport report = adopt(night, AdoptCompare::size);
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).files == 3);
  CHECK(report.jobs.at(0).deleted == 3);
  CHECK_FALSE(night.server.is_dir("t/old-dir"));
  CHECK(night.stored().count("t/old") == 0);
  CHECK(night.stored().count("beside") == 1);
  CHECK(night.server.is_dir(".outhaul/versions/1/t"));
  CHECK(night.plan() == Lines{"upload b", "upload new"});
}

TEST_CASE("more foreign files than max_delete are refused and exactly these can be approved") {
  Found night;
  night.profile.jobs[0].foreign = OnForeign::remove;
  night.profile.safety.max_delete = Limit{std::nullopt, 1};
  const AdoptReport refused = adopt(night, AdoptCompare::size);
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  const GuardRefusal& refusal = refused.jobs.at(0).refusals.at(0);
  CHECK(refusal.guard == Guard::mass_deletion);
  CHECK(refused.jobs[0].files == 3);  // that much is done
  CHECK(night.server.count("DELE") == 0);
  const std::size_t at = refusal.advice.find("--approve ") + 10;
  AdoptChoices choices{{}, AdoptCompare::size, false, {refusal.advice.substr(at, 12)}};
  night.server.put_file("t/one-more", "?");  // not what was approved
  CHECK(adopt_profile(night.profile, choices, night.environment()).outcome == ExitCode::guard_refused);
  night.server.remove("t/one-more");
  const AdoptReport approved = adopt_profile(night.profile, choices, night.environment());
  CHECK(approved.outcome == ExitCode::done);
  CHECK(approved.jobs.at(0).deleted == 2);
  CHECK_THROWS_AS(adopt(night, AdoptCompare::size), Error);  // it has ended
}

TEST_CASE("nothing foreign is deleted when a listing can't be trusted or the source holds nothing") {
  FakeOptions options;
  options.listing_untrusted = "cut off";
  Found cut(options);
  cut.profile.jobs[0].foreign = OnForeign::remove;
  const AdoptReport report = adopt(cut, AdoptCompare::size);
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.jobs.at(0).problems.at(0).message.find("cut off") != std::string::npos);
  CHECK(cut.server.count("DELE") == 0);

  Found bare;
  bare.profile.jobs[0].foreign = OnForeign::remove;
  for (const char* path : {"a", "b", "d", "new"}) bare.remove(path);
  CHECK(adopt(bare, AdoptCompare::size).outcome == ExitCode::incomplete);
  CHECK(bare.server.count("DELE") == 0);
}

TEST_CASE("what the server refuses to delete is told and tried again by another adoption") {
  Found night;
  night.profile.jobs[0].foreign = OnForeign::remove;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what != "DELE t/old") return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  const AdoptReport report = adopt(night, AdoptCompare::size);
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(report.jobs.at(0).deleted == 1);
  CHECK(report.jobs.at(0).problems.at(0).path == "t/old");
  night.server.set_faults({});
  CHECK(adopt(night, AdoptCompare::size).jobs.at(0).deleted == 1);
}

TEST_CASE("a job that has run is refused and an adoption that was cut off goes on") {
  Found night;
  int lists = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    return call.point == FakePoint::get && ++lists > 1 ? std::optional(Fault{}) : std::nullopt;
  });
  const AdoptReport cut = adopt(night, AdoptCompare::read);
  CHECK(cut.outcome == ExitCode::remote_unusable);
  CHECK(!cut.message.empty());
  night.server.set_faults({});
  CHECK(adopt(night, AdoptCompare::read).outcome == ExitCode::done);
  CHECK(night.plan() == Lines{"upload b", "upload new"});
  CHECK_THROWS_AS(adopt(night, AdoptCompare::size), Error);
}

TEST_CASE("a target that isn't there leaves everything to the next run") {
  Nightly night;
  night.write("a", "a");
  const AdoptReport report = adopt(night, AdoptCompare::size);
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).files == 0);
  CHECK(report.jobs.at(0).missing == 1);
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
}
