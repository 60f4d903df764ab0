// Retention as runs carry it out.
#include <fmt/format.h>

#include <random>

#include "job/queries.h"
#include "nightly.h"
#include "outhaul/names.h"
#include "support/catch.h"
#include "support/sweep.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

using Contents = std::map<std::string, std::string>;
constexpr std::int64_t kDay = 86'400'000'000'000;

struct RetainingNightly : Nightly {
  RetainingNightly() {
    profile.jobs[0].on_removal = OnRemoval::retire;
    profile.jobs[0].versions.last = 2;
  }
  RunReport next_night() {
    clock.ahead_ns += kDay;
    return run();
  }
  /// A night with another content of "a".
  RunReport changed_night(const RunOptions& options = {}) {
    write("a", std::to_string(++changes_));
    clock.ahead_ns += kDay;
    return run(options);
  }
  Retention planned() {
    std::optional<Retention> retention;
    plan_profile(profile, {}, environment(), [&](PlannedJob&& planned) { retention = planned.retention; });
    REQUIRE(retention);
    return *retention;
  }
  StatusReport status() { return status_of(profile, state_dir(), std::chrono::hours(26), clock.now_ns()); }
  JobId job() const { return *state().find_job("data"); }
  std::vector<std::int64_t> kept() const {
    std::vector<std::int64_t> runs;
    for (const Snapshot& snapshot : state().snapshots(job()))
      if (!snapshot.forgotten) runs.push_back(static_cast<std::int64_t>(snapshot.run));
    return runs;
  }

 private:
  int changes_ = 0;
};

using Numbers = std::vector<std::int64_t>;

/// Four nights, of which all are kept for thirty days.
struct WrongClock : RetainingNightly {
  static constexpr std::int64_t kFarAway = 4067 * kDay;
  WrongClock() {
    profile.jobs[0].versions = {.within = {.days = 30}};
    for (int n = 1; n <= 4; ++n) REQUIRE(changed_night().outcome == ExitCode::done);
    REQUIRE(versions().size() == 3);
  }
};

}  // namespace

TEST_CASE("what only forgotten runs held is deleted with its directories and counted") {
  RetainingNightly night;
  for (int n = 1; n <= 4; ++n) {
    night.write("d/a", std::string(static_cast<std::size_t>(n), 'x'));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  CHECK(night.kept() == std::vector<std::int64_t>{3, 4});
  CHECK(night.versions() == Contents{{"4/t/d/a", "xxx"}});
  CHECK_FALSE(night.server.is_dir(".outhaul/versions/2"));
  CHECK(night.server.is_dir(".outhaul/versions/4/t/d"));
  const State state = night.state();
  CHECK(state.totals().versions == 1);
  CHECK(state.runs(1).front().done.expired == 1);
  CHECK(state.runs(1).front().done.expired_bytes == 2);
  CHECK(night.names_at(RunId{1}).empty());
}

TEST_CASE("within so many years that time doesn't reach back so far keeps everything") {
  RetainingNightly night;
  night.profile.jobs[0].versions = {.within = {.years = GENERATE(250U, 500U, 800U, 9999U)}};
  for (int n = 1; n <= 3; ++n) {
    night.write("a", std::to_string(n));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  CHECK(night.kept() == std::vector<std::int64_t>{1, 2, 3});
  CHECK(night.versions().size() == 2);
}

TEST_CASE("without a policy nothing is ever let go") {
  RetainingNightly night;
  night.profile.jobs[0].versions = {};
  for (int n = 1; n <= 4; ++n) {
    night.write("a", std::to_string(n));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  CHECK(night.versions().size() == 3);
  CHECK(night.kept().size() == 4);
}

TEST_CASE("a run in trouble lets go what the trouble can't be about") {
  RetainingNightly night;
  for (int n = 1; n <= 2; ++n) {
    night.write("a", std::to_string(n));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  night.write("a", "3");
  night.write("b", "refused");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("RNTO t/b") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  REQUIRE(night.next_night().outcome == ExitCode::incomplete);
  CHECK(night.kept() == std::vector<std::int64_t>{2, 3});
  CHECK(night.versions().size() == 1);
  night.server.set_faults({});
  REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.kept() == std::vector<std::int64_t>{3, 4});
  CHECK(night.versions().empty());
}

TEST_CASE("a run that did not come to its end lets nothing go") {
  RetainingNightly night;
  for (int n = 1; n <= 2; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.write("b", "lost");
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("RNTO t/b") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::lost, FailureClass::stop_run, 0};
  });
  REQUIRE(night.changed_night().outcome == ExitCode::remote_unusable);
  CHECK(night.kept() == std::vector<std::int64_t>{1, 2});
  CHECK(night.versions().size() == 2);
}

TEST_CASE("a version that can't be deleted is named and tried again") {
  RetainingNightly night;
  night.profile.jobs[0].versions.last = 1;
  night.write("a", "1");
  REQUIRE(night.next_night().outcome == ExitCode::done);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (!call.what.starts_with("DELE .outhaul/versions")) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 550};
  });
  night.write("a", "2");
  REQUIRE(night.next_night().outcome == ExitCode::incomplete);
  CHECK(night.versions().size() == 1);
  CHECK(night.events.problems().find(".outhaul/versions/2/t/a") != std::string::npos);
  night.server.set_faults({});
  REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.versions().empty());
  CHECK(night.plan().empty());
}

TEST_CASE("nothing to let go costs no network and neither do runs that held nothing of their own") {
  RetainingNightly night;
  night.write("a", "1");
  for (int n = 1; n <= 4; ++n) REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.remotes_opened == 1);
  CHECK(night.kept() == std::vector<std::int64_t>{3, 4});
}

TEST_CASE("a policy that is loosened brings nothing back and a tightened one is told before it deletes") {
  RetainingNightly night;
  night.profile.jobs[0].versions.last = 10;
  for (int n = 1; n <= 4; ++n) {
    night.write("a", std::to_string(n));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  night.profile.jobs[0].versions.last = 1;
  REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.versions().empty());
  CHECK(night.events.problems().find("keeps none of the 4 older runs") != std::string::npos);
  night.profile.jobs[0].versions.last = 10;
  REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.kept() == std::vector<std::int64_t>{5, 6});
}

TEST_CASE("max_bytes lets the oldest versions go and never a live file") {
  RetainingNightly night;
  night.profile.jobs[0].versions = {.max_bytes = 250};
  night.write("big and live", std::string(1000, 'L'));
  for (int n = 1; n <= 5; ++n) {
    night.write("a", std::string(100, static_cast<char>('0' + n)));
    REQUIRE(night.next_night().outcome == ExitCode::done);
  }
  CHECK(night.state().totals().version_bytes == 200);
  CHECK(night.kept() == std::vector<std::int64_t>{3, 4, 5});
  CHECK(night.stored() == night.expected());
}

TEST_CASE("each night's tree is whole as long as it is kept and nothing is left of the others") {
  std::uint64_t forgotten = 0;
  constexpr unsigned kLives = kSweepStride == 1 ? 6 : 3;
  for (unsigned seed = 1; seed <= kLives; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto pick = [&](unsigned most) { return std::uniform_int_distribution<unsigned>(0, most)(random); };
    RetainingNightly night;
    night.profile.safety.max_delete = Limit{100.0, std::nullopt};
    night.profile.jobs[0].versions = {.last = 2, .daily = 3, .weekly = 2};
    if (seed % 3 == 0) night.profile.jobs[0].versions.max_bytes = 400;
    std::map<RunId, Contents> trees;
    for (int n = 1; n <= 30; ++n) {
      for (unsigned edits = pick(4); edits-- > 0;) {
        const std::string path =
            fmt::format("{}{}", pick(1) == 0 ? "" : fmt::format("d{}/", pick(2)), pick(9));
        const std::string other =
            fmt::format("{}{}", pick(1) == 0 ? "" : fmt::format("e{}/", pick(2)), pick(9));
        const bool there = std::filesystem::exists(night.source() / path);
        if (there && std::filesystem::is_directory(night.source() / path)) continue;
        if (there && pick(3) == 0)
          night.remove(path);
        else if (there && pick(3) == 0 && !std::filesystem::exists(night.source() / other))
          night.rename(path, other);
        else
          night.write(path, fmt::format("{} of night {} {}", path, n, std::string(pick(60), 'x')));
      }
      if (pick(5) == 0)  // a night with a line that dies now and then
        night.server.fail_nth(1 + pick(30), {Fault::Effect::lost_after, FailureClass::reconnect, 0});
      night.clock.ahead_ns += kDay / 3;
      const RunReport report = night.run();
      INFO("night " << n << ": " << night.events.problems());
      REQUIRE(report.outcome == ExitCode::done);
      CHECK(night.stored() == night.expected());  // versions change nothing of the tree that a person sees
      trees[report.run] = night.expected();
    }
    const State state = night.state();
    std::set<std::string> known;
    for (const Snapshot& snapshot : state.snapshots(night.job())) {
      forgotten += snapshot.forgotten;
      if (snapshot.forgotten) continue;
      Contents tree;
      const auto entries = state.entries_at(night.job(), snapshot.run);
      for (Entry entry; entries->next(entry);) {
        if (entry.kind != EntryKind::file) continue;
        const auto object = state.object(entry.object);
        REQUIRE(object);
        known.insert(object->remote_name.wire());
        const auto there = night.server.file(object->remote_name.wire());
        REQUIRE(there);
        tree["t/" + entry.path.bytes()] = *there;
      }
      INFO("run " << static_cast<std::int64_t>(snapshot.run));
      CHECK(tree == trees.at(snapshot.run));
    }
    for (const auto& [name, content] : night.server.files()) {
      if (name.starts_with(".outhaul/catalog/") || name == ".outhaul/README.txt") continue;
      INFO(name);
      CHECK(known.contains(name));  // no part, and no version that no kept run needs
    }
    if (night.profile.jobs[0].versions.max_bytes) CHECK(state.totals().version_bytes <= 400);
  }
  CHECK(forgotten > 16 * kLives);
}

TEST_CASE("a night with a wrong clock lets no version go and says so and how to approve it") {
  WrongClock night;
  const std::int64_t jump = WrongClock::kFarAway * GENERATE(1, -1);
  CAPTURE(jump);
  night.clock.ahead_ns += jump;
  const Retention planned = night.planned();
  CHECK(planned.forgotten.empty());
  CHECK(planned.garbage.objects == 0);
  const RunReport report = night.next_night();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.versions().size() == 3);
  CHECK(night.kept() == Numbers{1, 2, 3, 4, 5});
  CHECK(night.state().runs(1).front().done.expired == 0);
  const bool would_let_go = jump > 0;  // by a clock that is behind, everything is young
  REQUIRE(report.jobs.at(0).put_off.size() == (would_let_go ? 1 : 0));
  REQUIRE(planned.put_off.size() == report.jobs.at(0).put_off.size());
  if (!would_let_go) return;
  const PutOff& put_off = report.jobs.at(0).put_off[0];
  CHECK(put_off.why == PutOff::Why::clock);
  CHECK(put_off.versions == 3);
  CHECK(put_off.runs.size() == 4);
  CHECK(put_off.since == RunId{5});
  CHECK(planned.put_off[0].approval == put_off.approval);
  const std::string told = night.events.problems();
  INFO(told);
  CHECK(told.find("11 years after run 4") != std::string::npos);
  CHECK(told.find("--approve " + put_off.approval) != std::string::npos);
  REQUIRE(night.status().put_off.size() == 1);
  CHECK(night.status().put_off[0].put_off == put_off);
  for (const RunRow& row : runs_of(night.profile, night.state_dir(), 5)) {
    REQUIRE(row.jobs.size() == 1);
    CHECK(row.jobs[0].restorable);
  }
}

TEST_CASE("the second night with the same wrong clock is no more believed than the first") {
  WrongClock night;
  night.clock.ahead_ns += WrongClock::kFarAway;
  for (int n = 0; n < 5; ++n) {
    CHECK(night.changed_night().outcome == ExitCode::done);
    CHECK(night.state().runs(1).front().done.expired == 0);
  }
  CHECK(night.kept().size() == 9);
}

TEST_CASE("a clock that stays where it jumped to is believed after a week and deletes nothing by its jump") {
  WrongClock night;
  night.clock.ahead_ns += WrongClock::kFarAway;
  RunReport report;
  for (int n = 0; n < 7; ++n) report = night.changed_night();
  CHECK(report.jobs.at(0).put_off.empty());
  CHECK(night.kept().size() == 11);
  // The four nights before it leave when thirty days have been seen to pass.
  for (int n = 0; n < 30; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  CHECK(night.kept().front() > 4);
  CHECK(night.kept().size() == 30);
}

TEST_CASE("a jump that is approved lets exactly that go and counts from then on") {
  WrongClock night;
  night.clock.ahead_ns += WrongClock::kFarAway;
  const std::string id = night.planned().put_off.at(0).approval;
  RunOptions options;
  options.approve = {"0123456789ab"};
  CHECK(night.changed_night(options).jobs.at(0).put_off.size() == 1);
  CHECK(night.kept().size() == 5);
  options.approve = {id};
  const RunReport report = night.changed_night(options);
  CHECK(report.jobs.at(0).put_off.empty());
  CHECK(night.kept() == Numbers{5, 6});
  CHECK(night.versions().size() == 1);
  CHECK(night.changed_night().jobs.at(0).put_off.empty());
  CHECK(night.kept() == Numbers{5, 6, 7});
  CHECK(night.status().put_off.empty());
}

TEST_CASE("a clock that came back goes on where it was and the wrong nights are in nobody's way") {
  WrongClock night;
  const std::int64_t jump = WrongClock::kFarAway * GENERATE(1, -1);
  night.clock.ahead_ns += jump;
  for (int n = 0; n < 3; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.clock.ahead_ns -= jump;
  RunReport report = night.changed_night();
  CHECK(report.jobs.at(0).put_off.empty());
  CHECK(night.kept().size() == 8);
  for (int n = 0; n < 40; ++n) {
    report = night.changed_night();
    REQUIRE(report.outcome == ExitCode::done);
    REQUIRE(report.jobs.at(0).put_off.empty());
  }
  CHECK(night.kept().size() == 30);
  CHECK(night.kept().front() == 19);
}

TEST_CASE("a night that says 2038 takes no year's and no day's place") {
  RetainingNightly night;
  night.profile.jobs[0].versions = {.daily = 3, .yearly = 3};
  night.clock.ahead_ns = 21'000 * kDay - night.clock.now_ns();  // from 2027-07-01 on
  for (const int days : {0, 365, 365}) {
    night.clock.ahead_ns += days * kDay;
    for (int n = 0; n < 8; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  }
  const Numbers before = night.kept();
  night.clock.ahead_ns += WrongClock::kFarAway;
  REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.clock.ahead_ns -= WrongClock::kFarAway;
  for (int n = 0; n < 3; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  // The newest three days, and of each of the years before the one that was kept before.
  CHECK(before == Numbers{8, 16, 22, 23, 24});
  CHECK(night.kept() == Numbers{8, 16, 26, 27, 28});
}

TEST_CASE("rules that don't ask what time it is go on by a wrong clock") {
  RetainingNightly night;
  for (int n = 1; n <= 3; ++n) REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.clock.ahead_ns += WrongClock::kFarAway;
  const RunReport report = night.changed_night();
  CHECK(report.jobs.at(0).put_off.empty());
  CHECK(night.kept() == Numbers{3, 4});
}

TEST_CASE("no version makes room for an upload by a wrong clock") {
  WrongClock night;
  night.clock.ahead_ns += WrongClock::kFarAway;
  night.profile.remote.quota = 6;  // one byte in the tree and three as versions
  night.write("b", "1234");
  const RunReport report = night.next_night();
  INFO(night.events.problems());
  CHECK(night.versions().size() == 3);
  CHECK(night.kept().size() == 4);
}

TEST_CASE("one file that the server refuses each night keeps no version of anything else") {
  RetainingNightly night;
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("RNTO t/bad") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  night.write("bad", "refused!");
  for (int n = 1; n <= 5; ++n) {
    REQUIRE(night.changed_night().outcome == ExitCode::incomplete);
    CHECK(night.versions().size() == std::min(static_cast<std::size_t>(n) - 1, std::size_t{1}));
  }
  CHECK(night.kept() == Numbers{4, 5});
  CHECK(night.status().put_off.empty());
}

TEST_CASE("what may be the only copy of a file that isn't stored stays until that is stored and it is said") {
  RetainingNightly night;
  night.write("z/report", "a report of 22 bytes..");
  night.write("z/other", "of another size");
  REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.server.set_faults([](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("RNTO t/y/new name") == std::string::npos) return std::nullopt;
    return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
  });
  night.write("y/new name", "a report of 22 bytes..");  // copied, not renamed
  night.remove("z/report");
  night.remove("z/other");
  RunReport report;
  for (int n = 2; n <= 5; ++n) {
    if (n == 5) CHECK(night.planned().put_off.size() == 1);
    report = night.changed_night();
    REQUIRE(report.outcome == ExitCode::incomplete);
  }
  INFO(night.events.problems());
  CHECK(night.kept() == Numbers{1, 4, 5});
  REQUIRE(report.jobs.at(0).put_off.size() == 1);
  const PutOff& put_off = report.jobs.at(0).put_off[0];
  CHECK(put_off.why == PutOff::Why::problems);
  CHECK(put_off.since == RunId{2});
  CHECK(put_off.runs == std::vector<RunId>{RunId{1}});
  CHECK(put_off.versions == 3);  // what run 1 held
  CHECK(put_off.because.find("y/new name") != std::string::npos);
  CHECK(night.events.problems().find("put off since run 2") != std::string::npos);
  REQUIRE(night.status().put_off.size() == 1);
  CHECK(night.status().put_off[0].put_off == put_off);
  RestoreOptions options;
  options.at = "1";
  options.to = night.beside("back");
  CHECK(night.restore(options).outcome == ExitCode::done);
  CHECK(read_file(options.to / "z/report") == "a report of 22 bytes..");

  night.server.set_faults({});
  report = night.changed_night();
  CHECK(report.outcome == ExitCode::done);
  CHECK(report.jobs.at(0).put_off.empty());
  CHECK(night.kept() == Numbers{5, 6});
  CHECK(night.versions().size() == 1);
}

TEST_CASE("a problem that a run was cut off by is remembered from that run on") {
  RetainingNightly night;
  night.profile.jobs[0].versions.last = 1;
  night.write("x", "ten bytes!");
  REQUIRE(night.changed_night().outcome == ExitCode::done);
  night.write("d/y", "ten bytes!");
  night.remove("x");
  bool lost = true;
  night.server.set_faults([&](const FakeCall& call) -> std::optional<Fault> {
    if (call.what.find("RNTO t/d/y") != std::string::npos)
      return Fault{Fault::Effect::refused, FailureClass::skip_file, 553};
    if (lost && call.what.find("RNTO .outhaul/versions/") != std::string::npos &&
        call.what.find("/x") != std::string::npos)
      return Fault{Fault::Effect::lost_after, FailureClass::stop_run, 0};
    return std::nullopt;
  });
  night.next_night();
  lost = false;
  REQUIRE(night.next_night().outcome == ExitCode::incomplete);
  REQUIRE(night.next_night().outcome == ExitCode::incomplete);
  INFO(night.events.problems());
  bool held = false;
  for (const auto& [name, content] : night.server.files()) held = held || content == "ten bytes!";
  CHECK(held);
}
