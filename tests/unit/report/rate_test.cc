#include "report/rate.h"

#include <cmath>

#include "support/catch.h"

using namespace outhaul;

namespace {

Rate after(double per_second, double seconds, Rate rate = {}) {
  for (double t = 0; t < seconds; t += 0.1) rate = advanced(rate, per_second / 10, 0.1);
  return rate;
}

bool near(double value, double expected, double tolerance = 1e-6) {
  return std::abs(value - expected) <= tolerance * std::abs(expected);
}

}  // namespace

TEST_CASE("a steady rate is known from the first moment") {
  CHECK(near(advanced({}, 50, 0.1).per_second(), 500));
  CHECK(near(after(1000, 1).per_second(), 1000));
  CHECK(near(after(1000, 1000).per_second(), 1000));
  CHECK(Rate{}.per_second() == 0);
}

TEST_CASE("after one half life an old rate counts half") {
  const Rate changed = after(3000, kRateHalfLifeSeconds, after(1000, 600));
  CHECK(near(changed.per_second(), 2000, 0.02));
  CHECK(after(0, 5 * kRateHalfLifeSeconds, after(1000, 600)).per_second() < 1000.0 / 30);
}

TEST_CASE("a clock that stands still or runs backwards loses nothing") {
  const Rate rate = advanced(after(1000, 10), 500, 0);
  CHECK(near(rate.seconds, after(1000, 10).seconds));
  CHECK(near(rate.amount, after(1000, 10).amount + 500));
  CHECK(advanced({}, 5, -1).per_second() == 0);
}
