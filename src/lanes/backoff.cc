#include "lanes/backoff.h"

#include <algorithm>
#include <cmath>

namespace outhaul {

std::chrono::milliseconds backoff(const RetryPolicy& policy, int attempt, double random) {
  const double ceiling =
      std::min(static_cast<double>(policy.first.count()) * std::exp2(std::clamp(attempt, 0, 30)),
               static_cast<double>(policy.longest.count()));
  return std::chrono::milliseconds(static_cast<std::int64_t>(ceiling * std::clamp(random, 0.0, 1.0)));
}

}  // namespace outhaul
