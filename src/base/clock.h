// Time, replaceable in tests.
#pragma once

#include <chrono>
#include <cstdint>

namespace outhaul {

class CancelToken;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ns() const = 0;  ///< wall clock, since the epoch
  virtual std::chrono::steady_clock::time_point steady() const = 0;
  /// Waits; returns early, with false, when `cancel` fires.
  virtual bool wait(std::chrono::milliseconds time, const CancelToken& cancel) = 0;
};

/// Now, by the clock that file systems of this machine take times from: it moves in ticks, and no test moves
/// it.
std::int64_t file_clock_ns() noexcept;

/// The machine's clock. Thread-safe.
class SystemClock final : public Clock {
 public:
  std::int64_t now_ns() const override;
  std::chrono::steady_clock::time_point steady() const override;
  bool wait(std::chrono::milliseconds time, const CancelToken& cancel) override;
};

}  // namespace outhaul
