// Retention as runs carry it out.
#include <fmt/format.h>

#include <random>

#include "nightly.h"
#include "outhaul/names.h"
#include "support/catch.h"

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
  JobId job() const { return *state().find_job("data"); }
  std::vector<std::int64_t> kept() const {
    std::vector<std::int64_t> runs;
    for (const Snapshot& snapshot : state().snapshots(job()))
      if (!snapshot.forgotten) runs.push_back(static_cast<std::int64_t>(snapshot.run));
    return runs;
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

TEST_CASE("a run in trouble deletes no versions and the next one without makes up for it") {
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
  CHECK(night.kept() == std::vector<std::int64_t>{1, 2, 3});
  CHECK(night.versions().size() == 2);
  night.server.set_faults({});
  REQUIRE(night.next_night().outcome == ExitCode::done);
  CHECK(night.kept() == std::vector<std::int64_t>{3, 4});
  CHECK(night.versions().empty());
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
  for (unsigned seed = 1; seed <= 6; ++seed) {
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
      INFO(name);
      CHECK(known.contains(name));  // no part, and no version that no kept run needs
    }
    if (night.profile.jobs[0].versions.max_bytes) CHECK(state.totals().version_bytes <= 400);
  }
  CHECK(forgotten > 100);
}
