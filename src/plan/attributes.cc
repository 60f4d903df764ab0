#include "plan/attributes.h"

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

constexpr std::int64_t kSecond = kNsPerSecond;

/// The longest that two changes can lie apart and still leave the same ctime.
constexpr std::int64_t tick_of(std::int64_t ctime_ns) noexcept {
  return ctime_ns % kSecond == 0 ? 2 * kSecond : kSecond / 50;
}

}  // namespace

bool vouches_for_attributes(const Entry& stored, const Entry& now, std::int64_t known_ns) noexcept {
  if (stored.kind != now.kind || stored.inode != now.inode || stored.ctime_ns != now.ctime_ns) return false;
  return stored.ctime_ns < clamped_difference(known_ns, tick_of(stored.ctime_ns));
}

}  // namespace outhaul
