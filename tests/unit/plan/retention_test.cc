// Which runs retention keeps, as tables.
#include "plan/retention.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Central Europe by its rules, without the machine's table of zones.
TimeZone central_europe() {
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  return {[](std::int64_t ns) {
            const std::time_t seconds = static_cast<std::time_t>(ns / kSecond - (ns % kSecond < 0 ? 1 : 0));
            std::tm tm{};
            ::localtime_r(&seconds, &tm);
            return LocalTime{tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
          },
          [](const LocalTime& t) {
            std::tm tm{};
            tm.tm_year = t.year - 1900;
            tm.tm_mon = t.month - 1;
            tm.tm_mday = t.day;
            tm.tm_hour = t.hour;
            tm.tm_min = t.minute;
            tm.tm_sec = t.second;
            tm.tm_isdst = -1;
            return std::int64_t{::mktime(&tm)} * kSecond;
          }};
}

std::int64_t at(const std::string& when) {
  LocalTime t;
  REQUIRE(std::sscanf(when.c_str(), "%d-%d-%d %d:%d", &t.year, &t.month, &t.day, &t.hour, &t.minute) == 5);
  return central_europe().instant(t);
}

/// Runs 1, 2, 3… at these times.
std::vector<Snapshot> runs_at(const std::vector<std::string>& times) {
  std::vector<Snapshot> snapshots;
  for (const std::string& time : times)
    snapshots.push_back({RunId{static_cast<std::int64_t>(snapshots.size()) + 1}, at(time), false});
  return snapshots;
}

/// "1 daily, oldest weekly; 4 newest": what is kept, and why.
std::string kept(const std::vector<RunVerdict>& verdicts) {
  std::string text;
  for (const RunVerdict& verdict : verdicts)
    if (verdict.kept)
      text += fmt::format("{}{} {}", text.empty() ? "" : "; ", static_cast<std::int64_t>(verdict.run),
                          fmt::join(verdict.reasons, ", "));
  return text;
}

std::set<RunId> kept_set(const std::vector<RunVerdict>& verdicts) {
  std::set<RunId> runs;
  for (const RunVerdict& verdict : verdicts)
    if (verdict.kept) runs.insert(verdict.run);
  return runs;
}

}  // namespace

TEST_CASE("each rule keeps the newest run of each of its spans until its number is used up") {
  struct Row {
    const char* what;
    std::vector<std::string> runs;
    VersionPolicy policy;
    const char* kept;
  };
  const std::vector<std::string> three_days{"2026-05-01 03:00", "2026-05-01 15:00", "2026-05-02 03:00",
                                            "2026-05-03 03:00"};
  const Row rows[] = {
      {"last counts runs", three_days, {.last = 2}, "3 last; 4 newest, last"},
      {"daily takes the later of two on a day",
       three_days,
       {.daily = 3},
       "2 daily; 3 daily; 4 newest, daily"},
      {"with numbers left the oldest run counts too",
       three_days,
       {.daily = 4},
       "1 oldest daily; 2 daily; 3 daily; 4 newest, daily"},
      {"hourly",
       {"2026-05-01 03:00", "2026-05-01 03:59", "2026-05-01 04:00"},
       {.hourly = 2},
       "2 hourly; 3 newest, hourly"},
      {"rules add up", three_days, {.last = 1, .daily = 2}, "3 daily; 4 newest, last, daily"},
      {"no rule keeps everything",
       {"2026-05-01 03:00", "2026-05-02 03:00"},
       {.max_bytes = 1},
       "1 no rule lets it go; 2 newest, no rule lets it go"},
      {"a week begins on Monday and goes over the turn of the year",
       {"2024-12-29 03:00", "2024-12-30 03:00", "2025-01-05 03:00", "2025-01-06 03:00"},
       {.weekly = 3},
       "1 weekly; 3 weekly; 4 newest, weekly"},
      {"a year can have 53 weeks",
       {"2020-12-27 03:00", "2020-12-28 03:00", "2021-01-03 03:00", "2021-01-04 03:00"},
       {.weekly = 2},
       "3 weekly; 4 newest, weekly"},
      {"monthly across the turn of the year",
       {"2025-12-01 03:00", "2025-12-31 03:00", "2026-01-01 03:00"},
       {.monthly = 2},
       "2 monthly; 3 newest, monthly"},
      {"yearly",
       {"2023-06-01 03:00", "2024-02-29 03:00", "2024-12-31 23:59", "2025-01-01 00:00"},
       {.yearly = 2},
       "3 yearly; 4 newest, yearly"},
      {"the same month of another year is another month",
       {"2024-05-05 03:00", "2025-05-05 03:00"},
       {.monthly = 2},
       "1 monthly; 2 newest, monthly"},
      {"a day of 23 hours is a day",
       {"2026-03-29 00:30", "2026-03-29 23:30", "2026-03-30 00:30"},
       {.daily = 2},
       "2 daily; 3 newest, daily"},
      {"a day of 25 hours is a day",
       {"2026-10-25 00:10", "2026-10-25 23:50", "2026-10-26 00:10"},
       {.daily = 2},
       "2 daily; 3 newest, daily"},
      {"the 29th of February is a day of its own",
       {"2024-02-28 03:00", "2024-02-29 03:00", "2024-03-01 03:00"},
       {.daily = 3},
       "1 daily; 2 daily; 3 newest, daily"},
  };
  const TimeZone zone = central_europe();
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(kept(apply_rules(runs_at(row.runs), row.policy, zone)) == row.kept);
  }
}

TEST_CASE("within reaches back from the newest run by the calendar and not from today") {
  struct Row {
    const char* what;
    std::vector<std::string> runs;
    Span within;
    const char* kept;
  };
  const Row rows[] = {
      {"the edge itself is outside",
       {"2026-05-01 03:00", "2026-05-01 03:01", "2026-05-02 03:00"},
       {.days = 1},
       "2 within 1d; 3 newest, within 1d"},
      {"a day over the change to summer time has 23 hours",
       {"2026-03-28 12:00", "2026-03-28 12:01", "2026-03-29 12:00"},
       {.days = 1},
       "2 within 1d; 3 newest, within 1d"},
      {"24 hours over it reach further back",
       {"2026-03-28 11:00", "2026-03-28 11:01", "2026-03-29 12:00"},
       {.hours = 24},
       "2 within 24h; 3 newest, within 24h"},
      {"a month before the end of a longer one",
       {"2026-03-03 03:00", "2026-03-03 03:01", "2026-03-31 03:00"},
       {.months = 1},
       "2 within 1m; 3 newest, within 1m"},
      {"a year before a leap day",
       {"2023-03-01 03:00", "2023-03-01 03:01", "2024-02-29 03:00"},
       {.years = 1},
       "2 within 1y; 3 newest, within 1y"},
      {"units add up",
       {"2025-02-27 20:59", "2025-02-27 21:01", "2026-04-30 00:00"},
       {.years = 1, .months = 2, .days = 2, .hours = 3},
       "2 within 1y2m2d3h; 3 newest, within 1y2m2d3h"},
  };
  const TimeZone zone = central_europe();
  for (const Row& row : rows) {
    INFO(row.what);
    VersionPolicy policy;
    policy.within = row.within;
    CHECK(kept(apply_rules(runs_at(row.runs), policy, zone)) == row.kept);
  }
}

TEST_CASE("within reaches back further than time can be counted") {
  // An end of time that stands still, as the machine's zone gives it.
  TimeZone zone = central_europe();
  zone.instant = [](const LocalTime&) { return INT64_MIN; };
  for (const Span within : {Span{.years = 9999}, Span{.years = 9999, .hours = 9999}}) {
    VersionPolicy policy;
    policy.within = within;
    const auto verdicts = apply_rules(runs_at({"2016-01-01 03:00", "2026-01-01 03:00"}), policy, zone);
    CHECK(std::ranges::all_of(verdicts, &RunVerdict::kept));
  }
}

TEST_CASE("no runs need no verdict") {
  CHECK(apply_rules({}, {.last = 3}, central_europe()).empty());
  CHECK_FALSE(decide_retention({}, {}, {.last = 3}, central_europe()).forgets_all_older());
}

TEST_CASE("the newest run is kept and looser rules keep more and a second time changes nothing") {
  std::mt19937 random(20260501);
  const auto pick = [&](std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(0, most)(random);
  };
  const TimeZone zone = central_europe();
  for (int round = 0; round < 400; ++round) {
    std::vector<Snapshot> snapshots;
    std::int64_t time = at("2024-01-01 00:00") + std::int64_t{pick(1'000'000)} * kSecond;
    for (std::uint32_t i = 0, count = 1 + pick(60); i < count; ++i) {
      time += std::int64_t{1 + pick(pick(3) == 0 ? 4'000'000 : 90'000)} * kSecond;
      snapshots.push_back({RunId{i + 1}, time, false});
    }
    VersionPolicy policy{.last = pick(3),
                         .hourly = pick(5),
                         .daily = pick(7),
                         .weekly = pick(4),
                         .monthly = pick(6),
                         .yearly = pick(3)};
    policy.within.days = pick(1) * pick(40);
    const auto kept_now = kept_set(apply_rules(snapshots, policy, zone));
    REQUIRE(kept_now.contains(snapshots.back().run));

    std::vector<Snapshot> left;
    std::copy_if(snapshots.begin(), snapshots.end(), std::back_inserter(left),
                 [&](const Snapshot& snapshot) { return kept_now.contains(snapshot.run); });
    REQUIRE(kept_set(apply_rules(left, policy, zone)) == kept_now);

    if (!policy.has_rules()) continue;
    VersionPolicy looser = policy;
    for (std::uint32_t* number : {&looser.last, &looser.hourly, &looser.daily, &looser.weekly,
                                  &looser.monthly, &looser.yearly, &looser.within.days})
      *number += pick(2);
    const auto kept_then = kept_set(apply_rules(snapshots, looser, zone));
    REQUIRE(std::includes(kept_then.begin(), kept_then.end(), kept_now.begin(), kept_now.end()));
  }
}

TEST_CASE("objects are garbage when no kept run lies in their life") {
  const auto snapshots =
      runs_at({"2026-05-01 03:00", "2026-05-02 03:00", "2026-05-03 03:00", "2026-05-04 03:00"});
  const std::vector<VersionGroup> versions{
      {RunId{1}, RunId{2}, 1, 10},   // in run 1's tree alone
      {RunId{1}, RunId{4}, 2, 200},  // in 1 to 3
      {RunId{3}, RunId{4}, 3, 3000},
      {RunId{4}, RunId{4}, 4, 40000}};  // began and ended in one run: in no tree
  const Retention two = decide_retention(snapshots, versions, {.last = 2}, central_europe());
  CHECK(two.forgotten == std::vector{RunId{1}, RunId{2}});
  CHECK(two.garbage.objects == 5);
  CHECK(two.garbage.bytes == 40010);
  CHECK(two.kept_bytes == 3200);
  CHECK_FALSE(two.forgets_all_older());
  const Retention one = decide_retention(snapshots, versions, {.last = 1}, central_europe());
  CHECK(one.garbage.objects == 10);
  CHECK(one.forgets_all_older());
}

TEST_CASE("max_bytes lets the oldest runs go until what is left fits") {
  const auto snapshots =
      runs_at({"2026-05-01 03:00", "2026-05-02 03:00", "2026-05-03 03:00", "2026-05-04 03:00"});
  const std::vector<VersionGroup> versions{
      {RunId{1}, RunId{2}, 1, 100}, {RunId{1}, RunId{3}, 1, 100}, {RunId{2}, RunId{4}, 1, 100}};
  struct Row {
    std::uint64_t most;
    std::vector<RunId> forgotten;
    std::uint64_t kept_bytes;
  };
  const Row rows[] = {{300, {}, 300},
                      {299, {RunId{1}}, 200},
                      {200, {RunId{1}}, 200},
                      {199, {RunId{1}, RunId{2}}, 100},
                      {99, {RunId{1}, RunId{2}, RunId{3}}, 0},
                      {0, {RunId{1}, RunId{2}, RunId{3}}, 0}};
  for (const Row& row : rows) {
    INFO(row.most);
    const Retention retention =
        decide_retention(snapshots, versions, {.max_bytes = row.most}, central_europe());
    CHECK(retention.forgotten == row.forgotten);
    CHECK(retention.kept_bytes == row.kept_bytes);
    CHECK(retention.over_by == 0);
    CHECK(retention.runs.back().kept);
    for (std::size_t i = 0; i < row.forgotten.size(); ++i)
      CHECK(retention.runs[i].reasons == std::vector<std::string>{"max_bytes"});
  }
}

TEST_CASE("what the newest run needs stays even when max_bytes is exceeded by it") {
  const auto snapshots = runs_at({"2026-05-01 03:00", "2026-05-02 03:00"});
  const Retention retention =
      decide_retention(snapshots, {{RunId{1}, RunId{5}, 7, 700}}, {.max_bytes = 500}, central_europe());
  CHECK(retention.forgotten == std::vector{RunId{1}});
  CHECK(retention.kept_bytes == 700);
  CHECK(retention.over_by == 200);
}

TEST_CASE("rules come first and max_bytes takes of what they left") {
  const auto snapshots = runs_at({"2026-05-01 03:00", "2026-05-02 03:00", "2026-05-03 03:00"});
  const std::vector<VersionGroup> versions{{RunId{1}, RunId{2}, 1, 100}, {RunId{2}, RunId{3}, 1, 100}};
  const Retention retention =
      decide_retention(snapshots, versions, {.last = 2, .max_bytes = 100}, central_europe());
  CHECK(retention.forgotten == std::vector{RunId{1}});
  CHECK(retention.runs[0].reasons == std::vector<std::string>{"no rule keeps it"});
  CHECK(retention.garbage.bytes == 100);
}

namespace {

std::vector<std::int64_t> numbers(const std::vector<RunId>& runs) {
  std::vector<std::int64_t> all;
  for (const RunId run : runs) all.push_back(static_cast<std::int64_t>(run));
  return all;
}
using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("what a jump of the clock skipped makes no run leave `within`") {
  std::vector<Snapshot> runs = runs_at({"2026-11-01 03:00", "2026-11-02 03:00", "2038-01-19 03:00"});
  const VersionPolicy policy{.within = {.days = 30}};
  CHECK(kept(apply_rules(runs, policy, central_europe())) == "3 newest, within 30d");
  for (Snapshot& run : runs)
    if (run.run < RunId{3}) run.unseen_ns = runs[2].started_ns - runs[1].started_ns;
  CHECK(kept(apply_rules(runs, policy, central_europe())) ==
        "1 within 30d; 2 within 30d; 3 newest, within 30d");
}

TEST_CASE("an open problem keeps what it may be about and lets everything else go") {
  // Five nights, of which the newest is kept. Each night one file of 10, 20, 30… bytes left the tree.
  const std::vector<Snapshot> runs = runs_at(
      {"2026-11-01 03:00", "2026-11-02 03:00", "2026-11-03 03:00", "2026-11-04 03:00", "2026-11-05 03:00"});
  std::vector<VersionGroup> versions;
  std::vector<Departed> departed;
  for (std::int64_t run = 2; run <= 5; ++run) {
    departed.push_back({RunId{1}, RunId{run}, static_cast<std::uint64_t>(run) * 10});
    versions.push_back({RunId{1}, RunId{run}, 1, static_cast<std::uint64_t>(run) * 10});
  }
  struct Row {
    const char* what;
    std::vector<OpenProblem> problems;
    Numbers stay;
    std::uint64_t versions;
  };
  const auto of_size = [](std::uint64_t size, std::int64_t since) {
    return OpenProblem{RelPath::parse("f"), size, RunId{since}, "no"};
  };
  const OpenProblem unseen{RelPath::parse("d"), {}, RunId{4}, "no"};
  const Row table[] = {
      {"no problem", {}, {}, 0},
      {"of a size that nothing had", {of_size(15, 1)}, {}, 0},
      {"of a size that something had that left before", {of_size(20, 3)}, {}, 0},
      {"of a size that something had that left in that very night", {of_size(30, 3)}, {2}, 3},
      {"of one that left in the newest night", {of_size(50, 5)}, {4}, 1},
      {"nobody knows the size", {unseen}, {3, 4}, 2},
      {"two problems", {of_size(20, 2), of_size(50, 5)}, {1, 4}, 4},
      {"an empty file", {of_size(0, 1)}, {}, 0},
  };
  for (const Row& row : table) {
    INFO(row.what);
    Retention retention = decide_retention(runs, versions, {.last = 1}, central_europe());
    REQUIRE(retention.garbage.objects == 4);
    put_off_in_doubt(retention, versions, departed, row.problems);
    CHECK(retention.garbage.objects == 4 - row.versions);
    REQUIRE(retention.put_off.size() == (row.stay.empty() ? 0 : 1));
    if (row.stay.empty()) continue;
    const PutOff& put_off = retention.put_off[0];
    CHECK(numbers(put_off.runs) == row.stay);
    CHECK(put_off.versions == row.versions);
    CHECK(put_off.since == row.problems.front().since);
    for (const std::int64_t run : row.stay) CHECK(std::ranges::count(retention.forgotten, RunId{run}) == 0);
    CHECK(retention.forgotten.size() == 4 - row.stay.size());
  }
}

TEST_CASE("what no run that can be restored holds any more stays by itself while a problem may be about it") {
  const std::vector<Snapshot> runs = runs_at({"2026-11-01 03:00", "2026-11-05 03:00"});
  const std::vector<VersionGroup> versions{{RunId{2}, RunId{2}, 2, 30}};  // came and went between
  std::vector<Snapshot> numbered = runs;
  numbered[1].run = RunId{3};
  Retention retention = decide_retention(numbered, versions, {.last = 5}, central_europe());
  REQUIRE(retention.garbage.objects == 2);
  put_off_in_doubt(retention, versions, {{RunId{2}, RunId{2}, 10}},
                   {{RelPath::parse("f"), 10, RunId{2}, "no"}});
  CHECK(retention.garbage.objects == 1);
  CHECK(retention.garbage.bytes == 20);
  REQUIRE(retention.put_off.size() == 1);
  CHECK(retention.put_off[0].runs.empty());
  CHECK(retention.put_off[0].versions == 1);
}

TEST_CASE("by a clock that can't be relied on nothing goes and the id names exactly what would") {
  const std::vector<Snapshot> runs = runs_at({"2026-11-01 03:00", "2026-11-02 03:00", "2038-01-19 03:00"});
  const std::vector<VersionGroup> versions{{RunId{1}, RunId{2}, 1, 10}};
  const Retention by_clock = decide_retention(runs, versions, {.within = {.days = 30}}, central_europe());
  REQUIRE(by_clock.forgotten.size() == 2);
  const Retention put_off = put_off_by_clock(by_clock, "etc", RunId{2}, {});
  CHECK(put_off.forgotten.empty());
  CHECK(put_off.garbage.objects == 0);
  CHECK(put_off.kept_bytes == 10);
  CHECK(std::ranges::all_of(put_off.runs, &RunVerdict::kept));
  REQUIRE(put_off.put_off.size() == 1);
  CHECK(numbers(put_off.put_off[0].runs) == Numbers{1, 2});
  CHECK(put_off.put_off[0].versions == 1);
  const std::string id = put_off.put_off[0].approval;
  CHECK(id == retention_id("etc", RunId{2}, by_clock.forgotten));
  CHECK(id != retention_id("www", RunId{2}, by_clock.forgotten));
  CHECK(id != retention_id("etc", RunId{1}, by_clock.forgotten));
  CHECK(id != retention_id("etc", RunId{2}, {RunId{1}}));
  CHECK(put_off_by_clock(Retention{}, "etc", RunId{2}, {}).put_off.empty());
}
