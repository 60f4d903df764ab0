#include "schedule/schedule.h"

#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "schedule/remembered.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

/// Central Europe and New York by their rules, which need no file of the machine's.
constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr const char* kNewYork = "EST5EDT,M3.2.0,M11.1.0";

/// 2026-12-01 12:00 UTC.
constexpr std::int64_t kNow = 1'796'126'400;

class Zone {
 public:
  explicit Zone(const char* zone) {
    if (const char* now = std::getenv("TZ")) before_ = now;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~Zone() {
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }

 private:
  std::optional<std::string> before_;
};

Schedule nightly() {
  Schedule schedule;
  schedule.profile = "web01";
  schedule.profile_file = "/etc/outhaul/web01.json";
  schedule.program = "/usr/bin/outhaul";
  schedule.times = {{2, 30}};
  return schedule;
}

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(piece, at)) != std::string::npos; at += piece.size()) ++found;
  return found;
}

/// What systemd itself says of the units; nothing when all is well.
std::string verified(const Schedule& schedule, const std::vector<std::optional<ClockGap>>& gaps = {}) {
  const TempDir dir;
  write_file(dir / "outhaul-web01.service", service_text(schedule));
  write_file(dir / "outhaul-web01.timer", timer_text(schedule, gaps));
  const RunResult result =
      run_program({"systemd-analyze", "verify", "--man=no", "--recursive-errors=yes",
                   (dir / "outhaul-web01.timer").string(), (dir / "outhaul-web01.service").string()});
  return result.exit.code == 0 ? "" : result.out + result.err;
}

}  // namespace

TEST_CASE("a time of day is hours and minutes") {
  CHECK(time_of_day("02:30") == TimeOfDay{2, 30});
  CHECK(time_of_day("23:59") == TimeOfDay{23, 59});
  for (const char* wrong : {"", "24:00", "2:30", "12:60", "12", "12:5", "123:00", ":30", "12:30:00", "-1:30",
                            "1x:30", "12:-1", " 2:30"}) {
    INFO(wrong);
    CHECK_FALSE(time_of_day(wrong));
  }
  CHECK(to_string(TimeOfDay{3, 5}) == "03:05");
}

TEST_CASE("a time that the night of the clock change leaves out is found and named by UTC") {
  {
    const Zone zone(kBerlin);
    const auto gap = clock_gap({2, 30}, kNow);
    REQUIRE(gap);
    CHECK(gap->day == "2027-03-28");
    CHECK(gap->utc == TimeOfDay{1, 30});
    CHECK(clock_gap({2, 0}, kNow));
    CHECK_FALSE(clock_gap({1, 59}, kNow));
    CHECK_FALSE(clock_gap({3, 0}, kNow));
  }
  {
    const Zone zone(kNewYork);
    const auto gap = clock_gap({2, 30}, kNow);
    REQUIRE(gap);
    CHECK(gap->day == "2027-03-14");
    CHECK(gap->utc == TimeOfDay{7, 30});
  }
  const Zone zone("UTC0");
  CHECK_FALSE(clock_gap({2, 30}, kNow));
}

TEST_CASE("each time has a line of its own and one that the clock leaves out is in UTC") {
  Schedule schedule = nightly();
  schedule.times = {{2, 30}, {14, 0}};
  const std::string plain = timer_text(schedule, {});
  CHECK(count(plain, "OnCalendar=") == 2);
  CHECK(count(plain, "OnCalendar=*-*-* 02:30:00\n") == 1);
  CHECK(count(plain, "OnCalendar=*-*-* 14:00:00\n") == 1);
  CHECK(count(plain, "Persistent=true\n") == 1);
  const std::string moved = timer_text(schedule, {ClockGap{"2027-03-28", {1, 30}}, std::nullopt});
  CHECK(count(moved, "OnCalendar=*-*-* 01:30:00 UTC\n") == 1);
  CHECK(count(moved, "OnCalendar=*-*-* 14:00:00\n") == 1);
}

TEST_CASE("systemd takes the units of every kind of schedule") {
  const TempDir dir;
  Schedule schedule = nightly();
  schedule.program = dir / "outhaul";
  write_file(schedule.program, "#!/bin/sh\n");
  fs::permissions(schedule.program, fs::perms::owner_all);
  CHECK(verified(schedule) == "");
  schedule.times = {{0, 0}, {2, 30}, {23, 59}};
  CHECK(verified(schedule, {std::nullopt, ClockGap{"2027-03-28", {1, 30}}, std::nullopt}) == "");
  schedule.hooks = true;
  CHECK(verified(schedule) == "");
  schedule.hooks = false;
  schedule.writes = {"/mnt/back up 50%"};
  schedule.state_dir = "/srv/state of $all; \"quoted\"";
  schedule.credentials = {"password:/etc/outhaul/100%.secret"};
  CHECK(verified(schedule) == "");
  schedule.system = false;
  CHECK(verified(schedule) == "");
}

TEST_CASE("a path that means something to systemd stands in a unit as it is") {
  const TempDir dir;
  Schedule schedule = nightly();
  fs::create_directory(dir / "100% $HOME; x");
  schedule.program = dir / "100% $HOME; x/outhaul";
  write_file(schedule.program, "#!/bin/sh\n");
  fs::permissions(schedule.program, fs::perms::owner_all);
  schedule.profile_file = "/etc/50%/a $b; c.json";
  CHECK(verified(schedule) == "");
  CHECK(systemd_word(R"(100% $HOME; "x" \y)") == R"("100%% $$HOME; \"x\" \\y")");
  CHECK(count(service_text(schedule), R"( run "/etc/50%%/a $$b; c.json")") == 1);
}

TEST_CASE("a program that is not there is told by systemd so that the check can fail") {
  Schedule schedule = nightly();
  schedule.program = "/nonexistent/outhaul";
  CHECK(verified(schedule) != "");
}

TEST_CASE("a unit with hooks doesn't narrow what they may do") {
  Schedule schedule = nightly();
  CHECK(count(service_text(schedule), "ProtectSystem=strict") == 1);
  CHECK(count(service_text(schedule), "CapabilityBoundingSet=") == 1);
  schedule.hooks = true;
  CHECK(count(service_text(schedule), "ProtectSystem") == 0);
  CHECK(count(service_text(schedule), "CapabilityBoundingSet") == 0);
}

TEST_CASE("a crontab's line says what sh reads back as it was meant") {
  Schedule schedule = nightly();
  schedule.times = {{2, 30}, {14, 5}};
  schedule.state_dir = "/srv/it's";
  schedule.profile_file = "/etc/50%.json";
  CHECK(cron_text(schedule) ==
        "30 2 * * *  '/usr/bin/outhaul' --quiet --state-dir '/srv/it'\\''s' run '/etc/50'\\%'.json'\n"
        "5 14 * * *  '/usr/bin/outhaul' --quiet --state-dir '/srv/it'\\''s' run '/etc/50'\\%'.json'\n");
}

TEST_CASE("how old a success may be follows from the schedule") {
  constexpr std::int64_t kSlack = 2 * 3600 + 15 * 60;
  CHECK(longest_wait_s({{2, 30}}) == 24 * 3600 + kSlack);
  CHECK(longest_wait_s({{2, 30}, {14, 30}}) == 12 * 3600 + kSlack);
  CHECK(longest_wait_s({{14, 30}, {2, 30}, {3, 30}}) == 12 * 3600 + kSlack);
  CHECK(longest_wait_s({{6, 0}, {8, 0}}) == 22 * 3600 + kSlack);
}

TEST_CASE("a schedule is remembered beside the state and forgotten again") {
  const TempDir dir;
  const fs::path state = dir / "state/web01";
  CHECK(remembered_schedule(state).empty());
  remember_schedule(state, {{2, 30}, {14, 5}});
  CHECK(remembered_schedule(state) == std::vector<TimeOfDay>{{2, 30}, {14, 5}});
  CHECK((fs::status(state).permissions() & fs::perms::others_all) == fs::perms::none);
  remember_schedule(state, {{3, 0}});
  CHECK(remembered_schedule(state) == std::vector<TimeOfDay>{{3, 0}});
  forget_schedule(state);
  CHECK(remembered_schedule(state).empty());
}
