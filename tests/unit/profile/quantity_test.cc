#include "profile/quantity.h"

#include "support/catch.h"

using namespace outhaul;
using std::chrono::seconds;

TEST_CASE("durations are whole numbers with a unit") {
  const auto [text, value] = GENERATE(table<std::string, std::optional<seconds>>({
      {"1 s", seconds(1)},       {"90s", seconds(90)},         {"10 min", seconds(600)},
      {"24 h", seconds(86400)},  {"1440min", seconds(86400)},  {"86400 s", seconds(86400)},
      {"86401 s", std::nullopt}, {"25 h", std::nullopt},       {"0 s", std::nullopt},
      {"90", std::nullopt},      {"s", std::nullopt},          {"", std::nullopt},
      {"-1 s", std::nullopt},    {"1.5 h", std::nullopt},      {"010 s", std::nullopt},
      {"10  s", std::nullopt},   {" 10 s", std::nullopt},      {"10 s ", std::nullopt},
      {"10 S", std::nullopt},    {"10 minutes", std::nullopt}, {"99999999999999999999 s", std::nullopt},
  }));
  CAPTURE(text);
  CHECK(parse_duration(text) == value);
}

TEST_CASE("percentages go from 0 to 100") {
  const auto [text, value] = GENERATE(table<std::string, std::optional<double>>({
      {"0%", 0.0},
      {"20%", 20.0},
      {"12.5 %", 12.5},
      {"0.125%", 0.125},
      {"100%", 100.0},
      {"100.000%", 100.0},
      {"100.001%", std::nullopt},
      {"101%", std::nullopt},
      {"20", std::nullopt},
      {"%", std::nullopt},
      {"", std::nullopt},
      {"05%", std::nullopt},
      {".5%", std::nullopt},
      {"5.%", std::nullopt},
      {"1.2345%", std::nullopt},
      {"-1%", std::nullopt},
      {"5e1%", std::nullopt},
      {"5%%", std::nullopt},
      {"5  %", std::nullopt},
  }));
  CAPTURE(text);
  CHECK(parse_percent(text) == value);
}

TEST_CASE("rates are numbers with a unit") {
  const auto [text, value] = GENERATE(table<std::string, std::optional<std::uint64_t>>({
      {"off", 0},
      {"unlimited", 0},
      {"500 KiB/s", 512000},
      {"1.5 MiB/s", 1572864},
      {"2GiB/s", 2147483648},
      {"10 kB/s", 10000},
      {"10 MB/s", 10000000},
      {"1 GB/s", 1000000000},
      {"1 kbit/s", 125},
      {"10 Mbit/s", 1250000},
      {"1.001 Gbit/s", 125125000},
      {"999999 GiB/s", 999999ull << 30},
      {"1000000 KiB/s", std::nullopt},
      {"0 KiB/s", std::nullopt},
      {"0.5 KiB/s", std::nullopt},
      {"1.2345 KiB/s", std::nullopt},
      {"1. KiB/s", std::nullopt},
      {"1  KiB/s", std::nullopt},
      {"1 KB/s", std::nullopt},
      {"1 KiB", std::nullopt},
      {"1", std::nullopt},
      {"KiB/s", std::nullopt},
      {"", std::nullopt},
      {"-1 KiB/s", std::nullopt},
      {"1e3 KiB/s", std::nullopt},
  }));
  CAPTURE(text);
  CHECK(parse_rate(text) == value);
}

TEST_CASE("a rate that is none gets a hint") {
  const auto [text, hint] = GENERATE(table<std::string, std::string>({
      {"500", "a unit belongs to it: \"500 KiB/s\""},
      {"0", "no limit is \"off\""},
      {"0 KiB/s", "no limit is \"off\""},
      {"500 KB/s", "did you mean \"kB/s\"?"},
      {"5 mib/s", "did you mean \"MiB/s\"?"},
      {"10 mbps", "write bits as \"10 Mbit/s\", bytes as \"10 MB/s\""},
      {"fast", ""},
  }));
  CHECK(rate_hint(text) == hint);
}

TEST_CASE("a time of day is two digits and two digits") {
  CHECK(parse_time_of_day("00:00") == 0);
  CHECK(parse_time_of_day("08:30") == 510);
  CHECK(parse_time_of_day("23:59") == 1439);
  for (const char* text : {"", "8:00", "24:00", "12:60", "12.30", "12:3", "12:300", "-1:00", "1a:00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time_of_day(text));
  }
}
