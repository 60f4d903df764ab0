// Questions about the past: history, ls --at, runs.
#include "job/history.h"

#include "nightly.h"
#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr std::int64_t kDay = 86'400'000'000'000;

struct HistoricNightly : Nightly {
  HistoricNightly() { profile.jobs[0].on_removal = OnRemoval::retire; }
  void night() {
    clock.ahead_ns += kDay;
    REQUIRE(run().outcome == ExitCode::done);
  }
  std::vector<HistoryRow> history(const std::string& path) {
    return history_of(profile, state_dir(), {&profile.jobs[0], RelPath::parse(path)}).rows;
  }
  /// "b 3-: live, a 1-3: version at 2": name, runs, where, and the newest run to restore it from.
  std::string told(const std::string& path) {
    std::string text;
    for (const HistoryRow& row : history(path)) {
      text += (text.empty() ? "" : ", ") + row.entry.path.bytes() + " " +
              std::to_string(static_cast<int>(row.from)) + "-";
      if (row.to) text += std::to_string(static_cast<int>(*row.to));
      text += ": " + row.where;
      if (row.restorable) text += " at " + std::to_string(static_cast<int>(row.restore_run));
    }
    return text;
  }
  std::vector<std::string> listed(const std::string& at) {
    std::vector<std::string> paths;
    list_entries(profile, state_dir(), {{&profile.jobs[0], {}}}, parse_when(at, clock.now_ns()),
                 [&](LsRow&& row) { paths.push_back(row.entry.path.bytes() + " " + row.remote_name); });
    return paths;
  }
};

}  // namespace

TEST_CASE("a path's history names every version with its runs and its place") {
  HistoricNightly n;
  n.write("a", "1");
  n.write("stays", "s");
  n.night();
  n.night();
  n.write("a", "22");
  n.night();
  n.remove("a");
  n.night();
  n.write("a", "333");
  n.night();
  CHECK(n.told("a") == "a 5-: live at 5, a 3-4: version at 3, a 1-3: version at 2");
  const auto rows = n.history("a");
  CHECK(rows[0].remote_name == "t/a");
  CHECK(rows[1].remote_name == ".outhaul/versions/4/t/a");
  CHECK(rows[2].remote_name == ".outhaul/versions/3/t/a");
  CHECK(rows[2].entry.size == 1);
  CHECK(rows[2].sha256.size() == 64);
  CHECK(rows[2].to_ns.value() - rows[2].from_ns >= 2 * kDay);
  CHECK(n.history("never").empty());
}

TEST_CASE("what was renamed goes on under its earlier names") {
  HistoricNightly n;
  n.write("a", "first");
  n.night();
  n.write("a", "second one");
  n.night();
  n.rename("a", "d/b");
  n.night();
  n.write("a", "somebody else");
  n.rename("d/b", "c");
  n.night();
  CHECK(n.told("c") == "c 4-: live at 4, d/b 3-4: live at 3, a 2-3: live at 2, a 1-2: version at 1");
  CHECK(n.told("a") == "a 4-: live at 4, a 2-3: live at 2, a 1-2: version at 1");
}

TEST_CASE("what retention let go is in no history and in no listing and a run says so") {
  HistoricNightly n;
  n.profile.jobs[0].versions.last = 2;
  n.write("a", "1");
  n.night();
  n.write("a", "22");
  n.night();
  n.write("b", "b");
  n.remove("a");
  n.night();
  CHECK(n.told("a") == "a 2-3: version at 2");
  CHECK(n.listed("latest") == std::vector<std::string>{"b t/b"});
  CHECK(n.listed("2") == std::vector<std::string>{"a .outhaul/versions/3/t/a"});
  CHECK(n.listed("20h") == std::vector<std::string>{"a .outhaul/versions/3/t/a"});
  CHECK_THROWS_AS(n.listed("1"), Error);
  const std::vector<RunRow> rows = runs_of(n.profile, n.state_dir(), 10);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].jobs.at(0).restorable);
  CHECK(rows[0].jobs.at(0).reasons == std::vector<std::string>{"newest", "last"});
  CHECK(rows[1].jobs.at(0).reasons == std::vector<std::string>{"last"});
  CHECK_FALSE(rows[2].jobs.at(0).restorable);
  const StatusReport status = status_of(n.profile, n.state_dir(), std::chrono::hours(26), n.clock.now_ns());
  CHECK(status.versions == 1);
  CHECK(status.version_bytes == 2);
}

TEST_CASE("a plan tells what retention would let go without the network") {
  HistoricNightly n;
  for (int i = 1; i <= 3; ++i) {
    n.write("a", std::string(static_cast<std::size_t>(i), 'x'));
    n.night();
  }
  n.profile.jobs[0].versions.last = 2;
  n.open_remote = nullptr;  // would throw
  const Environment environment{n.state_root(), n.events, n.clock, n.cancel, n.open_remote, {}, {}};
  std::optional<Retention> retention;
  plan_profile(n.profile, {}, environment, [&](PlannedJob&& job) { retention = job.retention; });
  REQUIRE(retention);
  CHECK(retention->forgotten == std::vector{RunId{1}, RunId{2}});
  CHECK(retention->garbage.objects == 2);
  CHECK(retention->garbage.bytes == 3);
  CHECK(retention->runs.back().run == RunId{4});
  CHECK(n.versions().size() == 2);
}
