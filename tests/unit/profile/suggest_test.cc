#include "profile/suggest.h"

#include <array>

#include "support/catch.h"

using namespace outhaul;

TEST_CASE("the distance of two words counts slips of the finger") {
  const auto [a, b, distance] = GENERATE(table<std::string, std::string, std::size_t>({
      {"", "", 0},
      {"", "abc", 3},
      {"abc", "", 3},
      {"exclude", "exclude", 0},
      {"exlude", "exclude", 1},
      {"exclued", "exclude", 1},
      {"Exclude", "exclude", 0},
      {"on-removal", "on_removal", 0},
      {"kitten", "sitting", 3},
      {"ca", "abc", 3},
  }));
  CHECK(edit_distance(a, b) == distance);
  CHECK(edit_distance(b, a) == distance);
}

TEST_CASE("only a word that is near enough is suggested") {
  constexpr std::array<std::string_view, 4> keys{"exclude", "on_removal", "env", "file"};
  CHECK(did_you_mean("exlude", keys) == "did you mean \"exclude\"?");
  CHECK(did_you_mean("flie", keys) == "did you mean \"file\"?");
  CHECK(did_you_mean("evn", keys) == "did you mean \"env\"?");
  CHECK(did_you_mean("onRemoval", keys) == "did you mean \"on_removal\"?");
  CHECK(did_you_mean("include_dirs", keys).empty());
  CHECK(did_you_mean("", keys).empty());
  CHECK(did_you_mean(std::string(100000, 'e'), keys).empty());
}

TEST_CASE("words are listed as a sentence has them") {
  constexpr std::array<std::string_view, 3> words{"a", "b", "c"};
  CHECK(one_of(words) == "\"a\", \"b\" or \"c\"");
  CHECK(one_of(std::span(words).first(2)) == "\"a\" or \"b\"");
  CHECK(one_of(std::span(words).first(1)) == "\"a\"");
}
