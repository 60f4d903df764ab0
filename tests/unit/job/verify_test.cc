// verify: the remote compared with the state, and what the next run makes of it.
#include "job/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "job/queries.h"
#include "nightly.h"
#include "state/lock.h"
#include "state/state.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
using Kind = VerifyFinding::Kind;

namespace {

/// "missing t/a", in the order in which they were found.
std::vector<std::string> findings(const VerifyReport& report) {
  std::vector<std::string> lines;
  for (const VerifyFinding& finding : report.findings)
    lines.push_back(fmt::format("{} {}", to_string(finding.kind), finding.path.wire()));
  return lines;
}
using Lines = std::vector<std::string>;

VerifyChoices reading(ReadChoice::How how, double percent = 0) {
  VerifyChoices choices;
  choices.read = ReadChoice{how, percent, 0};
  return choices;
}

/// A source of some directories, backed up once.
struct Kept : Nightly {
  explicit Kept(FakeOptions options = {}, bool marked = false) : Nightly(std::move(options)) {
    profile.claims_remote = marked;
    for (const char* path : {"a", "b", "d/e/one", "d/e/two", "d/three", "z"})
      write(path, std::string("of ") + path);
    std::filesystem::create_directory(source() / "empty");
    REQUIRE(run().outcome == ExitCode::done);
  }
};

}  // namespace

TEST_CASE("an untouched remote is proven by its listings alone") {
  Kept night;
  night.server.forget_calls();
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::done);
  CHECK(findings(report).empty());
  CHECK(report.counts.objects == 6);
  CHECK(report.counts.listed == 6);
  CHECK(report.counts.asked == 0);
  CHECK(report.counts.to_read == 0);
  CHECK(night.server.count("SIZE .outhaul/owner.json") == 1);  // whose the remote is
  CHECK(night.server.count("SIZE") == 2);                      // and the catalog's base
  CHECK(night.server.count("GET") == night.server.count("GET .outhaul/catalog"));
  CHECK(report.run == kNoRun);
}

TEST_CASE("what is missing or of another size is recorded and the next run sends just that again") {
  Kept night;
  night.server.remove("t/a");
  night.server.put_file("t/d/e/two", "short");
  night.server.put_file("t/d/stranger", "?");
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(findings(report) == Lines{"foreign t/d/stranger", "missing t/a", "size_differs t/d/e/two"});
  CHECK(report.recorded == 2);
  CHECK(night.plan() == Lines{"upload a", "upload d/e/two"});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored().at("t/d/stranger") == "?");
  CHECK(night.stored().at("t/a") == "of a");
  CHECK(night.verify().outcome == ExitCode::done);
}

TEST_CASE("a directory that is gone stands for everything below it and is made again") {
  Kept night;
  night.server.remove("t/d");
  night.server.remove("t/empty");
  const VerifyReport report = night.verify();
  CHECK(findings(report) == Lines{"directory_missing t/d", "directory_missing t/empty"});
  CHECK(report.counts.missing == 3);
  CHECK(report.counts.directories_missing == 3);
  CHECK(night.plan() == Lines{"make_dir d", "make_dir d/e", "make_dir empty", "upload d/e/one",
                              "upload d/e/two", "upload d/three"});
  CHECK(night.run().outcome == ExitCode::done);
  CHECK(night.stored() == night.expected());
  CHECK(night.stored_dirs() == night.expected_dirs());
}

TEST_CASE("a listing that can't be trusted marks nothing as missing that the server still has") {
  FakeOptions capped;
  Kept night;
  capped.listing_untrusted = "it ends at a suspiciously round number";
  night.server.change(capped);
  night.server.set_faults({});
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.counts.untrusted == 4);
  night.server.remove("t/b");
  CHECK(findings(night.verify()) == Lines{"missing t/b"});
}

TEST_CASE("a directory that can't be listed casts doubt and loses nothing") {
  Kept night;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what != "LIST t/d/e") return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(findings(report) == Lines{"unproven t/d/e"});
  CHECK(report.counts.asked == 2);
  CHECK(report.recorded == 0);
  CHECK(night.plan().empty());
}

namespace {

/// The account may list nothing: every listing is refused, whatever is there.
std::optional<Fault> list_nothing(const FakeCall& call) {
  if (call.point != FakePoint::list) return std::nullopt;
  return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
}

}  // namespace

TEST_CASE("an account that may list nothing has each file asked for by its name") {
  Kept night({}, true);
  night.server.set_faults(list_nothing);
  const VerifyReport whole = night.verify();
  INFO(whole.message);
  CHECK(whole.outcome == ExitCode::done);
  CHECK(whole.counts.asked == whole.counts.objects);
  CHECK(whole.counts.untrusted > 0);
  night.server.remove("t/d/e");
  night.server.put_file("t/a", "longer than it was");
  night.server.set_faults(list_nothing);
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::incomplete);
  // One witness alone: a directory that may not be entered looks the same.
  CHECK(findings(report) == Lines{"size_differs t/a", "unproven t/d/e/one", "unproven t/d/e/two"});
  CHECK(report.recorded == 1);
}

TEST_CASE("a place that lists nothing and has no mark of outhaul's is not taken for the remote") {
  Kept night({}, true);
  for (const auto& [path, content] : night.server.files()) night.server.remove(path);
  night.server.set_faults(list_nothing);
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(report.recorded == 0);
  CHECK(night.plan().empty());
}

TEST_CASE("a listing that breaks off is asked for again and a line that stays broken records nothing") {
  Kept night;
  int broken = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.what != "LIST t/d" || broken++ > 0) return std::nullopt;
    return Fault{};
  });
  CHECK(night.verify().outcome == ExitCode::done);
  night.server.remove("t/a");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    return call.what == "LIST t/d" ? std::optional(Fault{}) : std::nullopt;
  });
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::remote_unusable);
  CHECK(!report.message.empty());
  CHECK(report.recorded == 0);
  CHECK(night.plan().empty());
}

TEST_CASE("a loss beyond max_delete is told and recorded only with the approval of exactly that loss") {
  Nightly night;
  for (int i = 0; i < 30; ++i) night.write(fmt::format("f{:02}", i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  for (int i = 0; i < 16; ++i) night.server.remove(fmt::format("t/f{:02}", i));
  const VerifyReport refused = night.verify();
  CHECK(refused.outcome == ExitCode::guard_refused);
  REQUIRE(refused.refusals.size() == 1);
  CHECK(refused.refusals[0].guard == Guard::mass_loss);
  CHECK(refused.refusals[0].advice.find(refused.approval) != std::string::npos);
  CHECK(refused.counts.missing == 16);
  CHECK(night.plan().empty());
  night.server.remove("t/f20");
  VerifyChoices approved;
  approved.approve = {refused.approval};
  const VerifyReport more = night.verify(approved);
  CHECK(more.outcome == ExitCode::guard_refused);
  approved.approve = {refused.approval, more.approval};
  CHECK(night.verify(approved).recorded == 17);
  CHECK(night.plan().size() == 17);
}

TEST_CASE("a status is unhealthy from a refused verification on until its finding is decided and mended") {
  Nightly night;
  for (int i = 0; i < 30; ++i) night.write(fmt::format("f{:02}", i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  const auto status = [&] {
    return status_of(night.profile, night.state_dir(), std::chrono::hours(24 * 365 * 100),
                     night.clock.now_ns());
  };
  REQUIRE(status().healthy);
  for (int i = 0; i < 16; ++i) night.server.remove(fmt::format("t/f{:02}", i));
  const VerifyReport refused = night.verify();
  REQUIRE(refused.outcome == ExitCode::guard_refused);
  CHECK_FALSE(status().healthy);
  CHECK(status().verdict.find("found more missing") != std::string::npos);
  CHECK(night.run().outcome == ExitCode::done);  // it sees no change of the source
  CHECK_FALSE(status().healthy);
  SECTION("the files came back by themselves, as with a disk that is mounted again") {
    for (int i = 0; i < 16; ++i) night.server.put_file(fmt::format("t/f{:02}", i), "x");
    CHECK(night.verify().outcome == ExitCode::done);
  }
  SECTION("the loss was approved and the next run sent them again") {
    VerifyChoices approved;
    approved.approve = {refused.approval};
    CHECK(night.verify(approved).recorded == 16);
    CHECK_FALSE(status().healthy);
    CHECK(status().advice.find("`outhaul run` sends it again") != std::string::npos);
    CHECK(night.run().outcome == ExitCode::done);
  }
  CHECK(status().healthy);
}

TEST_CASE("a whole target that is gone is refused and a remote without its directory concludes nothing") {
  Nightly night;
  for (int i = 0; i < 30; ++i) night.write(fmt::format("d/f{:02}", i), "x");
  REQUIRE(night.run().outcome == ExitCode::done);
  night.server.remove("t");
  const VerifyReport report = night.verify();
  CHECK(report.outcome == ExitCode::guard_refused);
  CHECK(findings(report) == Lines{"directory_missing t"});
  CHECK(report.counts.missing == 30);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.rfind("LIST", 0) != 0) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  const VerifyReport lost = night.verify();
  CHECK(lost.outcome == ExitCode::remote_unusable);
  CHECK(lost.counts.missing == 0);
}

TEST_CASE("reading back finds other content of the same size only when it reads the file twice") {
  Kept night;
  CHECK(night.verify(reading(ReadChoice::How::all)).counts.read == 6);
  night.server.put_file("t/b", "fo b");
  CHECK(night.verify().outcome == ExitCode::done);
  night.server.forget_calls();
  const VerifyReport report = night.verify(reading(ReadChoice::How::all));
  CHECK(report.outcome == ExitCode::incomplete);
  CHECK(findings(report) == Lines{"content_differs t/b"});
  CHECK(report.counts.read == 5);
  CHECK(night.server.count("GET t/b") == 2);
  CHECK(night.plan() == Lines{"upload b"});
}

TEST_CASE("a share reads what was not read yet and a line that breaks goes on where it broke") {
  Kept night;
  const std::uint64_t first = night.verify(reading(ReadChoice::How::percent, 50)).counts.read;
  CHECK(first >= 3);
  CHECK(first < 6);
  night.server.forget_calls();
  int broken = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point != FakePoint::get || broken++ > 0) return std::nullopt;
    return Fault{};
  });
  const VerifyReport second = night.verify(reading(ReadChoice::How::percent, 50));
  CHECK(second.counts.read + first >= 6);
  CHECK(second.outcome == ExitCode::done);
  const State state = State::open(night.state_dir(), night.profile.name, State::Open::read_only);
  for (const ReadCandidate& candidate : state.read_candidates({*state.find_job("data")}))
    CHECK(candidate.read_before);
}

TEST_CASE("a profile that says within how long everything is read has its share read without being asked") {
  Kept night;
  night.profile.read_all_within = std::chrono::hours(48);
  const VerifyReport report = night.verify();
  CHECK(report.counts.to_read >= 3);
  CHECK(report.counts.to_read < 6);
  CHECK(night.verify().counts.to_read < report.counts.to_read);
  CHECK(read_choice("all", night.profile).how == ReadChoice::How::due);
  CHECK(read_choice("10%", night.profile).percent == 10);
  CHECK_THROWS_AS(read_choice("10", night.profile), Error);
  CHECK_THROWS_AS(read_choice("0%", night.profile), Error);
}

TEST_CASE("what was read before a stop stays read and the stop loses nothing") {
  Kept night;
  night.profile.remote.connections = 1;
  int gets = 0;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.point == FakePoint::get && ++gets == 4) night.cancel.cancel(SIGINT);
    return std::nullopt;
  });
  const VerifyReport report = night.verify(reading(ReadChoice::How::all));
  CHECK(report.outcome == ExitCode::interrupted);
  const State state = State::open(night.state_dir(), night.profile.name, State::Open::read_only);
  const auto candidates = state.read_candidates({*state.find_job("data")});
  CHECK(std::ranges::count(candidates, true, &ReadCandidate::read_before) >= 3);
}

TEST_CASE("a server that allows one connection verifies like one that allows many") {
  FakeOptions one;
  one.max_connections = 1;
  Kept night(one);
  night.profile.remote.connections = 4;
  night.server.remove("t/a");
  const VerifyReport report = night.verify(reading(ReadChoice::How::all));
  CHECK(findings(report) == Lines{"missing t/a"});
  CHECK(report.counts.read == 5);
  CHECK(night.server.most_connections() == 1);
}

TEST_CASE("one job of two is compared without taking the other for foreign") {
  Nightly night;
  night.add_job("more");
  night.write("a", "a");
  REQUIRE(night.run().outcome == ExitCode::done);
  VerifyChoices choices;
  choices.jobs = {"more"};
  CHECK(night.verify(choices).outcome == ExitCode::done);
  CHECK(night.verify().counts.foreign == 0);
  night.server.remove("t/a");
  CHECK(night.verify(choices).outcome == ExitCode::done);
  CHECK(findings(night.verify()) == Lines{"missing t/a"});
}

TEST_CASE("verify is refused while a run holds the lock and where no run ever was") {
  Kept night;
  {
    const StateLock lock = StateLock::take(night.state_dir(), "run");
    CHECK_THROWS_AS(night.verify(), Error);
  }
  Nightly fresh;
  CHECK_THROWS_AS(fresh.verify(), Error);
}
