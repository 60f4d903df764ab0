#include "report/pace.h"

#include <algorithm>

namespace outhaul {
namespace {

constexpr double kTooFar = 99.0 * 24 * 3600;
/// So much of it must have been seen.
constexpr double kEnough = 2, kEnoughOfBytes = 0.5;

double price(const Rate& rate) noexcept {
  return rate.amount > 0 ? rate.seconds / rate.amount : 0;
}

}  // namespace

void Pace::advance(const PaceSample& sample) noexcept {
  if (sample.seconds <= 0) return;
  seen_ += sample.seconds;
  moves_ = moves_ || sample.moved_bytes + sample.passing_bytes + sample.files > 0;
  const auto lanes = static_cast<double>(sample.moving + sample.waiting);
  const double of_bytes = lanes > 0 ? sample.seconds * static_cast<double>(sample.moving) / lanes : 0;
  bytes_ = advanced(bytes_, static_cast<double>(sample.moved_bytes), of_bytes);
  files_ = advanced(files_, static_cast<double>(sample.files), sample.seconds - of_bytes);
  passing_ = advanced(passing_, static_cast<double>(sample.passing_bytes), sample.seconds - of_bytes);
}

std::optional<double> Pace::seconds_left(std::uint64_t files, std::uint64_t bytes) const noexcept {
  if (files == 0 && bytes == 0) return 0.0;
  if (seen_ < kEnough || !moves_) return std::nullopt;
  const auto files_left = static_cast<double>(files), bytes_left = static_cast<double>(bytes);
  const double for_files = files_left * price(files_);
  // What files bring along in passing costs nothing more.
  const double each = files_.amount > 0 ? passing_.amount / files_.amount : 0;
  const double more = std::max(bytes_left - files_left * each, 0.0);
  double for_bytes = more * price(bytes_);
  if (more > 0 && (bytes_.seconds < kEnoughOfBytes || bytes_.amount <= 0)) {
    // At most what they would cost in files like those so far: known well enough only where that is little.
    if (passing_.amount <= 0) return std::nullopt;
    for_bytes = more * price(passing_);
    if (for_bytes > for_files) return std::nullopt;
  }
  const double left = for_files + for_bytes;
  return left > 0 && left < kTooFar ? std::optional(left) : std::nullopt;
}

}  // namespace outhaul
