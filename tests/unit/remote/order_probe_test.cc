// The row of commands that a server can't answer out of order by luck.
#include "remote/order_probe.h"

#include <set>

#include "support/catch.h"

namespace outhaul {
namespace {

using std::chrono::microseconds;
constexpr std::size_t kMost = 400;

TEST_CASE("What takes time and what is answered at once alternate, and change nothing") {
  const OrderProbe probe("./.outhaul/no-such-name-");
  std::set<std::string> slow;
  for (std::size_t n = 0; n < kMost; ++n) {
    CAPTURE(n, probe.line(n));
    const std::string verb = probe.line(n).substr(0, probe.line(n).find(' '));
    CHECK((n % 2 == 0 ? verb == "SIZE" || verb == "RNFR" : verb == "NOOP" || verb == "PWD"));
    if (n % 2 == 0) CHECK(slow.insert(probe.line(n)).second);
  }
}

TEST_CASE("No reply of the probe can stand in its neighbour's place") {
  for (std::size_t n = 0; n + 1 < kMost; ++n)
    for (const int code : {200, 213, 220, 250, 257, 350, 450, 500, 502, 550}) {
      CAPTURE(n, code);
      CHECK_FALSE((OrderProbe::fits(n, code) && OrderProbe::fits(n + 1, code)));
    }
}

TEST_CASE("Servers answer the probe in many ways") {
  const OrderProbe probe("x");
  for (std::size_t n = 0; n < kMost; ++n) {
    const std::string line = probe.line(n);
    if (line.starts_with("SIZE"))
      for (const int code : {450, 500, 550}) CHECK(OrderProbe::fits(n, code));
    if (line.starts_with("RNFR"))
      for (const int code : {350, 450, 550}) CHECK(OrderProbe::fits(n, code));
    if (line == "NOOP")
      for (const int code : {200, 220, 250}) CHECK(OrderProbe::fits(n, code));
  }
}

TEST_CASE("Far away more commands are on their way, so that the probe takes a few round trips") {
  CHECK(OrderProbe::pace(microseconds{100}).window == 3);
  CHECK(OrderProbe::pace(microseconds{5'000}).window == 20);
  for (const int ms : {0, 1, 5, 50, 300}) {
    const OrderProbe::Pace pace = OrderProbe::pace(std::chrono::milliseconds{ms});
    CHECK(pace.window >= 3);
    CHECK(pace.commands <= kMost);
    // A server that was asleep has many more chances to be found out.
    CHECK(pace.commands / pace.window >= 6);
    for (std::size_t n = 0; n < pace.commands; ++n) CHECK(pace.gap(n) < microseconds{1'000});
  }
}

}  // namespace
}  // namespace outhaul
