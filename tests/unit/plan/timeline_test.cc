// Which runs' times retention goes by, as tables.
#include "plan/timeline.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kDay = Timeline::kDay;
constexpr std::int64_t kStart = 20'000 * kDay + kDay / 8;  // 2024-10-04, at 03:00

/// Runs 1, 2, 3… on these days after the first one; "!" behind one: approved.
std::vector<RunTime> runs_on(const std::vector<double>& days, std::int64_t approved = 0) {
  std::vector<RunTime> runs;
  for (const double day : days) {
    const auto number = static_cast<std::int64_t>(runs.size()) + 1;
    runs.push_back({RunId{number}, kStart + static_cast<std::int64_t>(day * static_cast<double>(kDay)),
                    number == approved});
  }
  return runs;
}

/// The days that the runs are judged by, "+N" behind those that so many days are not counted of; "?" behind
/// it all when the newest one isn't believed.
std::string judged(const std::vector<RunTime>& runs) {
  const Timeline timeline(runs);
  std::string text;
  for (const RunTime& run : runs) {
    const Snapshot dated = timeline.dated({run.run, run.started_ns, false, 0});
    const auto in_days = [](std::int64_t ns) {
      return std::round(static_cast<double>(ns) / static_cast<double>(kDay) * 1000) / 1000;
    };
    text += fmt::format("{}{:.3g}", text.empty() ? "" : " ", in_days(dated.started_ns - kStart));
    if (dated.unseen_ns != 0) text += fmt::format("+{:.0f}", in_days(dated.unseen_ns));
  }
  return text + (timeline.doubt() ? "?" : "");
}

/// `count` days from `first` on.
std::vector<double> nights(std::vector<double> before, double first, int count) {
  for (int i = 0; i < count; ++i) before.push_back(first + i);
  return before;
}

}  // namespace

TEST_CASE("a clock is believed that goes on from the newest run as machines do") {
  struct Row {
    const char* what;
    std::vector<double> days;
    const char* expected;
  };
  const Row table[] = {
      {"the first run", {0}, "0"},
      {"nights", {0, 1, 2, 3}, "0 1 2 3"},
      {"a holiday of four weeks", {0, 1, 2, 30}, "0 1 2 30"},
      {"twice in an hour", {0, 0.01, 0.02}, "0 0.01 0.02"},
      {"set back by four minutes", {0, 1, 0.9975}, "0 1 0.998"},
      {"a disk that is plugged in each month, and then each quarter",
       {0, 31, 62, 90, 180, 270},
       "0 31 62 90 180 270"},
      {"a disk that is plugged in each quarter, the second time", {0, 90}, "0 0?"},
      {"a disk that is plugged in each quarter, the third time", {0, 90, 185}, "0 0 0?"},
      {"a disk that is plugged in each quarter, the fourth time", {0, 90, 185, 270}, "0 90 185 270"},
      {"a disk that is plugged in each quarter", {0, 90, 185, 270, 365, 450}, "0 90 185 270 365 450"},
      {"2038", {0, 1, 2, 4800}, "0 1 2 3?"},
      {"an empty battery", {0, 1, 2, -9000}, "0 1 2 3?"},
      {"an hour back", {0, 1, 2, 1.96}, "0 1 2 3?"},
      {"two months", {0, 1, 2, 62}, "0 1 2 3?"},
  };
  for (const Row& row : table) {
    INFO(row.what);
    CHECK(judged(runs_on(row.days)) == row.expected);
  }
}

TEST_CASE("a jump stays one in the nights that follow with the same clock until seven days agree") {
  std::vector<double> days{0, 1, 2};
  for (int night = 0; night < 6; ++night) {
    INFO("night " << night);
    days.push_back(5000 + night);
    const Timeline timeline(runs_on(days));
    REQUIRE(timeline.doubt());
    CHECK(timeline.doubt()->believed.run == RunId{3});
    CHECK(timeline.doubt()->since.run == RunId{4});
    days.push_back(5000.2 + night);  // a second run on the same day proves nothing more
    CHECK(Timeline(runs_on(days)).doubt());
  }
  days.push_back(5006);
  CHECK_FALSE(Timeline(runs_on(days)).doubt());
}

TEST_CASE("a clock that jumps each night is never believed") {
  std::vector<double> days{0, 1, 2};
  for (int night = 0; night < 20; ++night) {
    days.push_back(night % 2 == 0 ? 1000 * (night + 1) : -700 * night);
    CHECK(Timeline(runs_on(days)).doubt());
  }
}

TEST_CASE("a clock that came back is believed at once and the nights between get times of their own") {
  CHECK(judged(runs_on({0, 1, 5000, 3, 4})) == "0 1 2 3 4");
  CHECK(judged(runs_on({0, 1, 5000, 5001, 4, 5})) == "0 1 2 3 4 5");
  CHECK(judged(runs_on({0, 1, -5000, 3})) == "0 1 2 3");
  CHECK(judged(runs_on({0, 1, -5000, 5000, 4})) == "0 1 2 3 4");
  CHECK(judged(runs_on({0, 1, 2, 1.96, 3})) == "0 1 2 2.5 3");
}

TEST_CASE("the time that a jump skipped makes no run older") {
  CHECK(judged(runs_on(nights({0, 1, 2}, 5000, 7))) ==
        "0+4997 1+4997 2+4997 5e+03 5e+03 5e+03 5e+03 5e+03 5e+03 5.01e+03");
  // Twice, and only what lies between a run and the newest one counts.
  CHECK(judged(runs_on(nights(nights({0}, 200, 7), 600, 7))).starts_with("0+592 200+393 201+393"));
}

TEST_CASE("an approved jump counts in full from then on") {
  CHECK(judged(runs_on({0, 1, 2, 100}, 4)) == "0 1 2 100");
  CHECK(judged(runs_on({0, 1, 2, 100, 101}, 4)) == "0 1 2 100 101");
  CHECK(judged(runs_on({0, 1, 2, 100, 101, 102}, 5)) == "0 1 2 100 101 102");
  CHECK(judged(runs_on({0, 1, 2, 100, 101, 300}, 5)) == "0 1 2 100 101 102?");
}

TEST_CASE(
    "a clock that was ahead from the first run on is set back and nothing seems to come from the future") {
  const std::string text = judged(runs_on(nights({5000, 5001, 5002}, 0, 7)));
  CHECK(text == "-3 -2 -1 0 1 2 3 4 5 6");
}

TEST_CASE("a wrong clock that was believed for weeks is not believed any more once it came back for a week") {
  std::vector<double> days = nights({0, 1, 2}, 5000, 14);
  CHECK_FALSE(Timeline(runs_on(days)).doubt());
  days.push_back(17);
  CHECK(Timeline(runs_on(days)).doubt());
  days = nights(days, 18, 6);
  REQUIRE_FALSE(Timeline(runs_on(days)).doubt());
  std::string expected;
  for (int day = 0; day < 24; ++day) expected += fmt::format("{}{}", day == 0 ? "" : " ", day);
  CHECK(judged(runs_on(days)) == expected);
}
