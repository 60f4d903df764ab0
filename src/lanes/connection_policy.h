// How a run deals with the connections that a server lets it have.
#pragma once

#include <chrono>

#include "lanes/backoff.h"

namespace outhaul {

struct ConnectionPolicy {
  /// Unused for so long, a connection is closed by us: before the server does it, and to leave it to others.
  std::chrono::milliseconds idle{60'000};
  /// When a lane that was turned away tries again; `retries` doesn't count.
  RetryPolicy refused{0, std::chrono::milliseconds{30'000}, std::chrono::milliseconds{600'000}};
};

}  // namespace outhaul
