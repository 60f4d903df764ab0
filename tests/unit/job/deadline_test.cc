// The end of a backup window on the local clock.
#include "job/deadline.h"

#include <stdlib.h>
#include <time.h>

#include <optional>
#include <string>

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Lives in another time zone until its end.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    if (const char* old = ::getenv("TZ")) old_ = old;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~TimeZone() {
    old_ ? ::setenv("TZ", old_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::optional<std::string> old_;
};

}  // namespace

TEST_CASE("the end of a window is the next time at which local clocks show it") {
  // Central European rules, written out so that no time zone database is needed.
  const TimeZone zone("CET-1CEST,M3.5.0/2,M10.5.0/3");
  struct Row {
    const char* what;
    std::int64_t now;
    const char* time;
    std::int64_t expected;
  };
  constexpr std::int64_t kWinter = 1'767'225'600;  // 2026-01-01 00:00:00 UTC, 01:00 here
  constexpr std::int64_t kSpring = 1'774'746'000;  // 2026-03-29 01:00:00 UTC: 02:00 becomes 03:00
  constexpr std::int64_t kAutumn = 1'792'890'000;  // 2026-10-25 01:00:00 UTC: 03:00 becomes 02:00
  const Row table[] = {
      {"later today", kWinter, "06:00", kWinter + 5 * 3600},
      {"earlier today is tomorrow", kWinter, "00:30", kWinter + 23 * 3600 + 1800},
      {"right now is tomorrow", kWinter, "01:00", kWinter + 24 * 3600},
      {"in a minute", kWinter, "01:01", kWinter + 60},
      {"midnight", kWinter, "00:00", kWinter + 23 * 3600},
      {"across the change in spring", kSpring - 7200, "06:00", kSpring + 3 * 3600},
      {"across the change in autumn", kAutumn - 7200, "06:00", kAutumn + 4 * 3600},
      {"tomorrow across the change in spring", kSpring - 14 * 3600, "06:00", kSpring + 3 * 3600},
  };
  for (const Row& row : table) {
    INFO(row.what);
    CHECK(next_local_time(row.time, row.now * kSecond + 5) / kSecond == row.expected);
  }
  // 02:30 does not exist that night: within the hour around the gap is as good as can be.
  const std::int64_t gap = next_local_time("02:30", (kSpring - 7200) * kSecond) / kSecond;
  CHECK(gap >= kSpring - 1800);
  CHECK(gap <= kSpring + 1800);
}

TEST_CASE("what is no time of day is refused") {
  for (const char* text :
       {"", "6:00", "24:00", "12:60", "12-30", "1200", "12:3", "12:300", "-1:00", "+1:00", "ab:cd"}) {
    INFO(text);
    CHECK_THROWS_AS(next_local_time(text, 0), Error);
  }
}

TEST_CASE("a deadline that has passed cancels with its own reason and one that is far away does not") {
  CancelToken passed, far;
  {
    const DeadlineWatch watch(1, passed);
    while (!passed.cancelled()) ::sched_yield();
  }
  CHECK(passed.reason() == kWindowEnded);
  { const DeadlineWatch watch(INT64_MAX / 2, far); }
  CHECK_FALSE(far.cancelled());
}
