// A rate that is calm enough to read and quick enough to be true. Pure.
#pragma once

namespace outhaul {

/// An exponentially weighted mean over time. Amount and time decay alike, so the first second already gives
/// an unbiased rate and a stall brings it down within seconds.
struct Rate {
  double amount = 0;   ///< decayed sum of what was done
  double seconds = 0;  ///< decayed sum of the time it took
  double per_second() const noexcept { return seconds > 0 ? amount / seconds : 0; }
};

/// What happened this long ago counts half.
inline constexpr double kRateHalfLifeSeconds = 8;

/// `rate` after `amount` more was done in `seconds`. Time that stands still or runs backwards changes nothing
/// but adds the amount.
Rate advanced(Rate rate, double amount, double seconds) noexcept;

}  // namespace outhaul
