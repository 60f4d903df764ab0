#include "doctor/pattern.h"

#include <algorithm>
#include <array>

namespace outhaul {

/// SplitMix64 (Steele, Lea, Flood 2014) of the 8-byte block's number.
std::uint64_t Pattern::block(std::uint64_t number) const noexcept {
  std::uint64_t z = seed_ + (number + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::size_t Pattern::read(std::span<std::byte> buffer) {
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end_ - at_));
  std::uint64_t bits = block(at_ / 8) >> (8 * (at_ % 8));
  for (std::size_t i = 0; i < count; ++i) {
    buffer[i] = static_cast<std::byte>(bits);
    bits = ++at_ % 8 == 0 ? block(at_ / 8) : bits >> 8;
  }
  return count;
}

bool Pattern::matches_next(std::span<const std::byte> bytes) {
  std::array<std::byte, 4096> expected;
  while (!bytes.empty()) {
    const std::uint64_t start = at_;
    const std::size_t count = read(std::span(expected).first(std::min(bytes.size(), expected.size())));
    const auto differs = std::mismatch(expected.begin(), expected.begin() + count, bytes.begin()).second;
    const auto same = static_cast<std::size_t>(differs - bytes.begin());
    if (same < count || count == 0) {
      at_ = start + same;
      return false;
    }
    bytes = bytes.subspan(count);
  }
  return true;
}

}  // namespace outhaul
