#include "report/rate.h"

#include <cmath>

namespace outhaul {

Rate advanced(Rate rate, double amount, double seconds) noexcept {
  if (seconds <= 0) return {rate.amount + amount, rate.seconds};
  const double kept = std::exp2(-seconds / kRateHalfLifeSeconds);
  return {rate.amount * kept + amount, rate.seconds * kept + seconds};
}

}  // namespace outhaul
