#include "base/nanoseconds.h"

#include <vector>

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kFirst = INT64_MIN, kLast = INT64_MAX;
constexpr std::uint64_t kMost = UINT64_MAX;

}  // namespace

TEST_CASE("a time becomes nanoseconds and what 64 bits of them can't hold becomes the nearest end") {
  struct Row {
    timespec time;
    std::int64_t ns;
  };
  const std::vector<Row> table{
      {{0, 0}, 0},
      {{0, 1}, 1},
      {{-1, 999'999'999}, -1},
      {{-2, 0}, -2'000'000'000},
      {{-2'208'988'800, 5}, -2'208'988'799'999'999'995},  // 1900
      {{1'700'000'000, 123'456'789}, 1'700'000'000'123'456'789},
      {{9'223'372'036, 854'775'806}, kLast - 1},
      {{9'223'372'036, 854'775'807}, kLast},
      {{9'223'372'036, 854'775'808}, kLast},
      {{9'223'372'037, 0}, kLast},
      {{32'503'680'000, 7}, kLast},  // the year 3000
      {{INT64_MAX, 999'999'999}, kLast},
      {{-9'223'372'037, 145'224'193}, kFirst + 1},
      {{-9'223'372'037, 145'224'192}, kFirst},
      {{-9'223'372'037, 145'224'191}, kFirst},
      {{-9'223'372'037, 0}, kFirst},
      {{-11'676'096'000, 7}, kFirst},  // the year 1600
      {{INT64_MIN, 0}, kFirst},
      {{INT64_MIN, 999'999'999}, kFirst},
  };
  for (const Row& row : table) {
    INFO(row.time.tv_sec << " s " << row.time.tv_nsec << " ns");
    CHECK(ns_of(row.time) == row.ns);
  }
  CHECK(ns_of_seconds(kLast / kNsPerSecond) == 9'223'372'036'000'000'000);
  CHECK(ns_of_seconds(kLast / kNsPerSecond + 1) == kLast);
  CHECK(ns_of_seconds(kFirst / kNsPerSecond - 1) == kFirst);
}

TEST_CASE("nanoseconds become seconds towards the past with a rest that is never negative") {
  struct Row {
    std::int64_t ns;
    SplitTime time;
  };
  const std::vector<Row> table{
      {0, {0, 0}},
      {1, {0, 1}},
      {-1, {-1, 999'999'999}},
      {-1'000'000'000, {-1, 0}},
      {-1'000'000'001, {-2, 999'999'999}},
      {kLast, {9'223'372'036, 854'775'807}},
      {kFirst, {-9'223'372'037, 145'224'192}},
  };
  for (const Row& row : table) {
    INFO(row.ns);
    CHECK(split_ns(row.ns) == row.time);
    CHECK(floor_seconds(row.ns) == row.time.seconds);
    CHECK(ns_of(timespec_of(row.ns)) == row.ns);
  }
}

TEST_CASE("sums and products stop at the ends of their type") {
  CHECK(clamped_sum<std::int64_t>(2, -3) == -1);
  CHECK(clamped_sum(kLast, std::int64_t{1}) == kLast);
  CHECK(clamped_sum(kFirst, std::int64_t{-1}) == kFirst);
  CHECK(clamped_sum(kMost, std::uint64_t{1}) == kMost);
  CHECK(clamped_difference<std::int64_t>(2, 3) == -1);
  CHECK(clamped_difference(kLast, std::int64_t{-1}) == kLast);
  CHECK(clamped_difference(kFirst, std::int64_t{1}) == kFirst);
  CHECK(clamped_difference(std::int64_t{0}, kFirst) == kLast);
  CHECK(clamped_difference<std::uint64_t>(2, 3) == 0);
  CHECK(clamped_product<std::int64_t>(-2, 3) == -6);
  CHECK(clamped_product(kLast, std::int64_t{2}) == kLast);
  CHECK(clamped_product(kLast, std::int64_t{-2}) == kFirst);
  CHECK(clamped_product(kFirst, std::int64_t{-1}) == kLast);
  CHECK(clamped_product(kMost, std::uint64_t{2}) == kMost);
}
