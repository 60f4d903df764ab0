// How fast bytes may go, and when: a timetable and a pacer. Pure: time is a parameter.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "outhaul/profile.h"

namespace outhaul {

/// The limit at a minute of the local day (0…1439): that of the first rule that holds then. 0: none.
std::uint64_t limit_at(std::span<const BandwidthRule> rules, int minute);

/// The first minute of the local day after `minute`, going round midnight, at which another limit holds.
/// Empty: it is the same all day. Times of day, not durations: whoever waits for it looks at the local clock,
/// which may skip or repeat an hour on the way.
std::optional<int> next_change(std::span<const BandwidthRule> rules, int minute);

/// Spaces out what any number of lanes send, so that all of it together keeps a limit. A lane books one piece
/// and waits for its time before it books the next: lanes that always have something to send get equal
/// shares, and one with little to send waits for at most one piece of every other.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Bytes per second, 0 = no limit. A limit that is new begins without a debt.
  void set_limit(std::uint64_t limit, Time now) noexcept;
  /// What a lane should book at most, at least 1: so little at a small limit that nobody waits for long, and
  /// that the buffers on the way don't take whole files at once.
  std::size_t piece() const noexcept;
  /// The time from which these bytes may go; not later than `now` when there is room. Time in which nothing
  /// was booked is made up for, up to a bound.
  Time book(std::size_t bytes, Time now) noexcept;

 private:
  std::uint64_t limit_ = 0;
  Time next_{};
};

}  // namespace outhaul
