#include "report/rate.h"

#include <cmath>

namespace outhaul {

Rate advanced(Rate rate, double amount, double seconds) noexcept {
  if (seconds <= 0) return {rate.amount + amount, rate.seconds};
  const double kept = std::exp2(-seconds / kRateHalfLifeSeconds);
  return {rate.amount * kept + amount, rate.seconds * kept + seconds};
}

std::optional<double> seconds_left(std::uint64_t remaining, const Rate& rate) noexcept {
  if (remaining == 0) return 0.0;
  constexpr double too_far = 99.0 * 24 * 3600;
  if (rate.seconds < 2 || rate.amount <= 0) return std::nullopt;
  const double left = static_cast<double>(remaining) / rate.per_second();
  return left < too_far ? std::optional(left) : std::nullopt;
}

}  // namespace outhaul
