#include "report/format.h"

#include "report/text.h"
#include "samples.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("bytes have binary units and three significant digits") {
  const auto [bytes, text] = GENERATE(table<std::uint64_t, std::string>({
      {0, "0 B"},
      {312, "312 B"},
      {1023, "1023 B"},
      {1024, "1 KiB"},
      {1536, "1.5 KiB"},
      {1234, "1.21 KiB"},
      {10 * 1024 + 512, "10.5 KiB"},
      {100 * 1024 + 512, "100 KiB"},
      {1023 * 1024, "1023 KiB"},
      {1024 * 1024 - 1, "1 MiB"},
      {10'234, "9.99 KiB"},
      {10'239, "10 KiB"},
      {1'610'612'736, "1.5 GiB"},
      {5'497'558'138'880, "5 TiB"},
      {18'446'744'073'709'551'615u, "16 EiB"},
  }));
  CHECK(format_bytes(bytes) == text);
}

TEST_CASE("no number of bytes takes more than eight columns") {
  for (std::uint64_t bytes = 1; bytes != 0; bytes <<= 1)
    for (const std::uint64_t near : {bytes - 1, bytes, bytes + bytes / 2, bytes + bytes - bytes / 512})
      CHECK(format_bytes(near).size() <= 8);
}

TEST_CASE("durations name the two units that matter") {
  const auto [ns, text] = GENERATE(table<std::int64_t, std::string>({
      {-5, "0 ms"},
      {0, "0 ms"},
      {850'000'000, "850 ms"},
      {999'999'999, "999 ms"},
      {1'000'000'000, "1.0 s"},
      {12'340'000'000, "12.3 s"},
      {59'949'999'999, "59.9 s"},
      {59'960'000'000, "1 min 00 s"},
      {245'000'000'000, "4 min 05 s"},
      {3'599'600'000'000, "1 h 00 min"},
      {7'999'000'000'000, "2 h 13 min"},
      {86'400'000'000'000, "1 d 00 h"},
      {100'000'000'000'000, "1 d 03 h"},
  }));
  CHECK(format_duration(ns) == text);
}

TEST_CASE("ages are said roughly") {
  const auto [seconds, text] = GENERATE(table<std::int64_t, std::string>({
      {-60, "in the future"},
      {0, "just now"},
      {9, "just now"},
      {40, "40 s ago"},
      {60, "1 min ago"},
      {3'600, "1 h ago"},
      {11'000, "3 h ago"},
      {47 * 3600, "47 h ago"},
      {48 * 3600, "2 days ago"},
  }));
  CHECK(format_age(seconds * samples::kSecond) == text);
}

TEST_CASE("times are local for people and UTC for scripts") {
  const samples::Zone zone;
  CHECK(format_time_local(samples::kStart) == "2026-11-21 03:00:02 +0100");
  CHECK(format_time_utc(samples::kStart) == "2026-11-21T02:00:02Z");
  CHECK(format_time_utc(samples::kStart + 5) == "2026-11-21T02:00:02.000000005Z");
  CHECK(format_time_utc(-1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(format_time_utc(INT64_MAX) == "2262-04-11T23:47:16.854775807Z");
  CHECK(format_time_utc(INT64_MIN) == "1677-09-21T00:12:43.145224192Z");
}

TEST_CASE("no time is too far away to be told") {
  for (const std::int64_t ns : {INT64_MIN, INT64_MAX}) {
    INFO(ns);
    const std::string year = ns < 0 ? "1677" : "2262";
    CHECK(format_time_local(ns).starts_with(year));
    CHECK_FALSE(format_duration(ns).empty());
    CHECK_FALSE(format_age(ns).empty());
  }
  CHECK(format_duration(INT64_MAX) == "106751 d 23 h");
}

TEST_CASE("only everything is one hundred percent") {
  CHECK(percent_of(0, 0) == 0);
  CHECK(percent_of(1, 3) == 33);
  CHECK(percent_of(999'999'999, 1'000'000'000) == 99);
  CHECK(percent_of(18'446'744'073'709'551'614u, 18'446'744'073'709'551'615u) == 99);
  CHECK(percent_of(3, 3) == 100);
  CHECK(percent_of(4, 3) == 100);
}

TEST_CASE("modes read like those of ls") {
  CHECK(format_mode(EntryKind::file, 0644) == "-rw-r--r--");
  CHECK(format_mode(EntryKind::directory, 01777) == "drwxrwxrwt");
  CHECK(format_mode(EntryKind::file, 06711) == "-rws--s--x");
  CHECK(format_mode(EntryKind::file, 07000) == "---S--S--T");
  CHECK(format_mode(EntryKind::symlink, 0777) == "lrwxrwxrwx");
}
