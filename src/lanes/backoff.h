// How long to wait before trying again. Pure.
#pragma once

#include <chrono>

namespace outhaul {

struct RetryPolicy {
  int retries = 5;  ///< attempts after the first one that bring no progress
  std::chrono::milliseconds first{2000};
  std::chrono::milliseconds longest{60000};
};

/// Full jitter: `random` in [0, 1) picks a point between 0 and first · 2^attempt, at most `longest`.
/// `attempt` counts from 0.
std::chrono::milliseconds backoff(const RetryPolicy& policy, int attempt, double random);

}  // namespace outhaul
