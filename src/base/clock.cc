#include "base/clock.h"

#include <time.h>

#include <algorithm>
#include <thread>

#include "base/cancel.h"
#include "base/nanoseconds.h"

namespace outhaul {

std::int64_t file_clock_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // can't fail for a clock that every Linux has
  return ns_of(now);
}

std::int64_t SystemClock::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::chrono::steady_clock::time_point SystemClock::steady() const {
  return std::chrono::steady_clock::now();
}

bool SystemClock::wait(std::chrono::milliseconds time, const CancelToken& cancel) {
  using namespace std::chrono_literals;
  const auto until = steady() + time;
  while (!cancel.cancelled()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady());
    if (left <= 0ms) return true;
    std::this_thread::sleep_for(std::min(left, 50ms));
  }
  return false;
}

}  // namespace outhaul
