#include "report/width.h"

#include <random>

#include "outhaul/paths.h"
#include "support/catch.h"

using namespace outhaul;

TEST_CASE("wide characters take two columns and combining ones none") {
  const auto [text, width] = GENERATE(table<std::string, std::size_t>({
      {"", 0},
      {"plain", 5},
      {"ça", 2},
      {"e\xCC\x81", 1},  // e + U+0301
      {"写真", 4},
      {"한글", 4},
      {"ﾊﾝｶｸ", 4},  // half-width katakana
      {"Ａ", 2},    // full-width A
      {"🎉.jpg", 6},
      {"a\xE2\x80\x8D"
       "b",
       2},              // U+200D zero width joiner
      {"\xFF\xC3", 2},  // not UTF-8
  }));
  CHECK(display_width(text) == width);
}

TEST_CASE("long paths lose their middle and keep their end") {
  const auto [text, width, fitted] = GENERATE(table<std::string, std::size_t, std::string>({
      {"short", 10, "short"},
      {"short", 5, "short"},
      {"srv/www/images/2026/photo.jpg", 16, "srv/w…/photo.jpg"},
      {"srv/www/images/2026/photo.jpg", 4, "s…pg"},
      {"srv/www/images/2026/photo.jpg", 2, "…g"},
      {"srv/www/images/2026/photo.jpg", 1, "…"},
      {"srv/www/images/2026/photo.jpg", 0, ""},
      {"写真写真写真", 8, "写…写真"},
      {"写真写真写真", 5, "…写真"},
  }));
  CHECK(fit_middle(text, width) == fitted);
}

TEST_CASE("fitted text is never wider than asked for whatever it holds") {
  std::mt19937 random(11);
  const std::vector<std::string> atoms = {"a", "/",    "é", "e\xCC\x81", "写", "🎉", "\xE2\x80\x8D",
                                          "ﾊ", "\xFF", "."};
  std::uniform_int_distribution<std::size_t> pick(0, atoms.size() - 1), length(0, 40), room(0, 30);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t i = length(random); i > 0; --i) text += atoms[pick(random)];
    const std::size_t width = room(random);
    REQUIRE(display_width(fit_middle(text, width)) <= width);
    REQUIRE(display_width(fit_middle(printable(text), width, "..")) <= width);
    REQUIRE(display_width(fit_end(text, width)) <= width);
    REQUIRE(display_width(padded(text, width)) >= width);
  }
}
