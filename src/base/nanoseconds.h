// Times and sums of others in 64 bits. Nanoseconds since 1970 reach from 1677-09-21 to 2262-04-11; file
// systems hold times far beyond. What can't be held is the nearest end, everywhere the same, so that such a
// time at least stays equal to itself from one night to the next. Pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <ctime>
#include <limits>
#include <type_traits>

namespace outhaul {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// a + b, a − b and a × b; what the type can't hold is its nearest end.
template <std::integral T>
constexpr T clamped_sum(T a, T b) noexcept {
  T sum{};
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return std::is_signed_v<T> && a < 0 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
}
template <std::integral T>
constexpr T clamped_difference(T a, T b) noexcept {
  T difference{};
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return std::is_unsigned_v<T> || a < 0 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
}
template <std::integral T>
constexpr T clamped_product(T a, T b) noexcept {
  T product{};
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  return std::is_signed_v<T> && (a < 0) != (b < 0) ? std::numeric_limits<T>::min()
                                                   : std::numeric_limits<T>::max();
}

/// A time as seconds, rounded towards the past, and the rest, from 0 to below a second.
struct SplitTime {
  std::int64_t seconds = 0, nanoseconds = 0;
  friend bool operator==(const SplitTime&, const SplitTime&) = default;
};
constexpr SplitTime split_ns(std::int64_t ns) noexcept {
  const std::int64_t rest = ns % kNsPerSecond;
  return rest < 0 ? SplitTime{ns / kNsPerSecond - 1, rest + kNsPerSecond}
                  : SplitTime{ns / kNsPerSecond, rest};
}
constexpr std::int64_t floor_seconds(std::int64_t ns) noexcept {
  return split_ns(ns).seconds;
}

constexpr std::int64_t ns_of_seconds(std::int64_t seconds) noexcept {
  return clamped_product(seconds, kNsPerSecond);
}
constexpr std::int64_t ns_of(const timespec& time) noexcept {
  // Towards zero first: the oldest second that can be held can't be held in whole.
  const bool up = time.tv_sec < 0 && time.tv_nsec > 0;
  return clamped_sum(ns_of_seconds(std::int64_t{time.tv_sec} + (up ? 1 : 0)),
                     std::int64_t{time.tv_nsec} - (up ? kNsPerSecond : 0));
}
constexpr timespec timespec_of(std::int64_t ns) noexcept {
  const SplitTime time = split_ns(ns);
  return {static_cast<std::time_t>(time.seconds), static_cast<long>(time.nanoseconds)};
}

}  // namespace outhaul
