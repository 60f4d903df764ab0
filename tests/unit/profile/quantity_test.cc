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
