#include "job/when.h"

#include <cstdlib>
#include <ctime>

#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// Local time is Berlin's for as long as this lives, by a rule that needs no zone files.
class Berlin {
 public:
  Berlin() { set("CET-1CEST,M3.5.0,M10.5.0/3"); }
  ~Berlin() {
    before_.empty() ? (void)::unsetenv("TZ") : (void)::setenv("TZ", before_.c_str(), 1), ::tzset();
  }

 private:
  static void set(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  std::string before_ = std::getenv("TZ") == nullptr ? "" : std::getenv("TZ");
};

std::int64_t utc(int year, int month, int day, int hour, int minute, int second = 0) {
  std::tm fields{};
  fields.tm_year = year - 1900;
  fields.tm_mon = month - 1;
  fields.tm_mday = day;
  fields.tm_hour = hour;
  fields.tm_min = minute;
  fields.tm_sec = second;
  return ::timegm(&fields) * kSecond;
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_FALSE(error.advice().empty());
    return error.what();
  }
  return "";
}

const std::int64_t kNow = utc(2026, 11, 21, 12, 0);

}  // namespace

TEST_CASE("a moment is a day or a time or an age") {
  const Berlin here;
  struct Row {
    std::string text;
    std::int64_t expected;
  };
  const Row rows[] = {
      {"2026-11-20", utc(2026, 11, 20, 23, 0) - 1},
      {"2026-03-29", utc(2026, 3, 29, 22, 0) - 1},   // a day of 23 hours
      {"2026-10-25", utc(2026, 10, 25, 23, 0) - 1},  // a day of 25 hours
      {"2026-12-31", utc(2026, 12, 31, 23, 0) - 1},
      {"2028-02-29", utc(2028, 2, 29, 23, 0) - 1},
      {"2026-11-20 13:00", utc(2026, 11, 20, 12, 0)},
      {"2026-07-20 13:00", utc(2026, 7, 20, 11, 0)},
      {"2026-11-20T13:00", utc(2026, 11, 20, 12, 0)},
      {"2026-11-20 13:00:05", utc(2026, 11, 20, 12, 0, 5)},
      {"2026-11-20T13:00:05Z", utc(2026, 11, 20, 13, 0, 5)},
      {"2026-11-20T13:00:05.25z", utc(2026, 11, 20, 13, 0, 5)},
      {"2026-11-20T13:00:05+01:00", utc(2026, 11, 20, 12, 0, 5)},
      {"2026-11-20 13:00-0930", utc(2026, 11, 20, 22, 30)},
      {"12h", kNow - 12 * 3600 * kSecond},
      {"90min", kNow - 5400 * kSecond},
      {"30m", kNow - 1800 * kSecond},
      {"3d", kNow - 3 * 86400 * kSecond},
      {"2w", kNow - 14 * 86400 * kSecond},
      {"0d", kNow},
      {"2262-04-10T00:00:00Z", utc(2262, 4, 10, 0, 0)},
      {"2262-04-13", INT64_MAX - 1},  // beyond what nanoseconds hold: the end of time
      {"9999-12-31T23:59:59Z", INT64_MAX},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const When when = parse_when(row.text, kNow);
    CHECK(when.kind == When::Kind::moment);
    CHECK(when.moment_ns == row.expected);
    CHECK(when.text == row.text);
  }
}

TEST_CASE("a run is a number with or without a hash sign") {
  for (const std::string text : {"17", "#17"}) {
    const When when = parse_when(text, kNow);
    CHECK(when.kind == When::Kind::run);
    CHECK(when.run == RunId{17});
  }
  CHECK(parse_when("latest", kNow).kind == When::Kind::latest);
}

TEST_CASE("what is no time is refused with what would be one") {
  for (const std::string text : {"",
                                 "yesterday",
                                 "0",
                                 "#",
                                 "-3",
                                 "3",
                                 "3y",
                                 "3 d",
                                 "d",
                                 "99999999999d",
                                 "2026",
                                 "2026-11",
                                 "2026-11-",
                                 "2026-13-01",
                                 "2026-00-01",
                                 "2026-02-30",
                                 "2027-02-29",
                                 "2026-11-20 ",
                                 "2026-11-20T",
                                 "2026-11-20 25:00",
                                 "2026-11-20 13",
                                 "2026-11-20 13:60",
                                 "2026-11-20T13:00:00+1",
                                 "2026-11-20T13:00:00Zulu",
                                 "2026-11-20x",
                                 "20-11-2026",
                                 "2026-11-20 -1:00",
                                 "1960-01-01",
                                 "17\n"}) {
    if (text == "3" || text == "2026") continue;  // runs
    INFO(text);
    CHECK(refusal([&] { parse_when(text, kNow); }).starts_with("--at: \""));
  }
}

TEST_CASE("a snapshot is chosen by run or by time and never a forgotten one") {
  const std::vector<Snapshot> all = {{RunId{3}, 30, false}, {RunId{5}, 50, true}, {RunId{8}, 80, false}};
  const auto at_run = [](std::int64_t run) { return When{When::Kind::run, RunId{run}, 0, "x"}; };
  const auto at = [](std::int64_t ns) { return When{When::Kind::moment, kNoRun, ns, "x"}; };
  CHECK(choose_snapshot(all, {}, "j") == kNoRun);
  CHECK(choose_snapshot(all, at_run(3), "j") == RunId{3});
  CHECK(choose_snapshot(all, at_run(4), "j") == RunId{3});  // one of other jobs, or that failed
  CHECK(choose_snapshot(all, at_run(8), "j") == RunId{8});
  CHECK(choose_snapshot(all, at_run(99), "j") == RunId{8});
  CHECK(choose_snapshot(all, at(30), "j") == RunId{3});
  CHECK(choose_snapshot(all, at(79), "j") == RunId{3});
  CHECK(choose_snapshot(all, at(80), "j") == RunId{8});
}

TEST_CASE("a time without a snapshot is refused with those that there are") {
  const Berlin here;
  const std::vector<Snapshot> all = {{RunId{3}, utc(2026, 11, 18, 2, 0), false},
                                     {RunId{5}, utc(2026, 11, 19, 2, 0), true},
                                     {RunId{8}, utc(2026, 11, 20, 2, 0), false}};
  const auto refused = [&](const std::vector<Snapshot>& from, const std::string& text) {
    return refusal([&] { choose_snapshot(from, parse_when(text, kNow), "www"); });
  };
  CHECK(refused(all, "2026-11-17").find("run 3 (2026-11-18 03:00)") != std::string::npos);
  CHECK(refused(all, "2").find("run 3 (2026-11-18 03:00)") != std::string::npos);
  const std::string gone = refused(all, "5");
  CHECK(gone.find("run 5 (2026-11-19 03:00) is not kept any more") != std::string::npos);
  CHECK(gone.find("before it is run 3 (2026-11-18 03:00), the one after it run 8") != std::string::npos);
  CHECK(refused({}, "5").find("no run has brought it to its end") != std::string::npos);
}
