#include "doctor/pattern.h"

#include <array>

#include "support/catch.h"

namespace outhaul {
namespace {

std::vector<std::byte> take(Pattern& pattern, std::size_t count) {
  std::vector<std::byte> bytes(count);
  bytes.resize(pattern.read(bytes));
  return bytes;
}

TEST_CASE("a pattern is the same in one piece and in many and from any offset") {
  Pattern whole(7, 0, 1000);
  const std::vector<std::byte> expected = take(whole, 2000);
  REQUIRE(expected.size() == 1000);
  for (const std::size_t step : {1U, 3U, 8U, 333U}) {
    Pattern pieces(7, 0, 1000);
    std::vector<std::byte> bytes;
    for (auto next = take(pieces, step); !next.empty(); next = take(pieces, step))
      bytes.insert(bytes.end(), next.begin(), next.end());
    CHECK(bytes == expected);
  }
  Pattern later(7, 501, 1000);
  CHECK(take(later, 1000) == std::vector<std::byte>(expected.begin() + 501, expected.end()));
}

TEST_CASE("a pattern tells a flipped bit and an excess byte and another seed") {
  Pattern source(7, 0, 64);
  std::vector<std::byte> bytes = take(source, 64);
  CHECK(Pattern(7, 0, 64).matches_next(bytes));
  CHECK_FALSE(Pattern(8, 0, 64).matches_next(bytes));
  CHECK_FALSE(Pattern(7, 0, 63).matches_next(bytes));
  bytes[40] ^= std::byte{1};
  Pattern broken(7, 0, 64);
  CHECK_FALSE(broken.matches_next(bytes));
  CHECK(broken.position() == 40);
}

}  // namespace
}  // namespace outhaul
