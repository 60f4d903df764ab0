#include "lanes/backoff.h"

#include "support/catch.h"

using namespace outhaul;
using std::chrono::milliseconds;

TEST_CASE("the time to wait doubles up to the longest and jitter takes any part of it") {
  const RetryPolicy policy;
  struct Row {
    int attempt;
    double random;
    std::int64_t expected;
  };
  const Row table[] = {
      {0, 0.0, 0},      {0, 0.5, 1000},     {0, 1.0, 2000},  {1, 1.0, 4000},  {2, 1.0, 8000},
      {3, 1.0, 16000},  {4, 1.0, 32000},    {5, 1.0, 60000}, {6, 1.0, 60000}, {40, 1.0, 60000},
      {5, 0.25, 15000}, {1000, 0.5, 30000}, {-1, 1.0, 2000}, {0, -1.0, 0},    {0, 2.0, 2000},
  };
  for (const Row& row : table) {
    INFO(row.attempt << " " << row.random);
    CHECK(backoff(policy, row.attempt, row.random) == milliseconds(row.expected));
  }
  CHECK(backoff({5, milliseconds(0), milliseconds(0)}, 3, 0.9) == milliseconds(0));
  CHECK(backoff({5, milliseconds(500), milliseconds(100)}, 0, 1.0) == milliseconds(100));
}
