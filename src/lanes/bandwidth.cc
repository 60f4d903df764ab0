#include "lanes/bandwidth.h"

#include <algorithm>

namespace outhaul {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr int kDay = 24 * 60;
/// Pieces per second, if one lane has it all.
constexpr std::uint64_t kPieces = 20;
constexpr std::uint64_t kLargestPiece = 64 * 1024;
/// How much of an unused past may be made up for: more than a busy machine lets a thread oversleep, little
/// enough to be a small part of any half minute.
constexpr milliseconds kCredit{500};

bool holds(const BandwidthRule& rule, int minute) {
  if (rule.from_minute == rule.to_minute) return true;
  if (rule.from_minute < rule.to_minute) return minute >= rule.from_minute && minute < rule.to_minute;
  return minute >= rule.from_minute || minute < rule.to_minute;
}

}  // namespace

std::uint64_t limit_at(std::span<const BandwidthRule> rules, int minute) {
  for (const BandwidthRule& rule : rules)
    if (holds(rule, minute)) return rule.bytes_per_second;
  return 0;
}

std::optional<int> next_change(std::span<const BandwidthRule> rules, int minute) {
  const std::uint64_t now = limit_at(rules, minute);
  for (int ahead = 1; ahead < kDay; ++ahead)
    if (limit_at(rules, (minute + ahead) % kDay) != now) return (minute + ahead) % kDay;
  return std::nullopt;
}

void Pacer::set_limit(std::uint64_t limit, Time now) noexcept {
  if (limit == limit_) return;
  limit_ = limit;
  next_ = now;
}

std::size_t Pacer::piece() const noexcept {
  if (limit_ == 0) return kLargestPiece * 8;
  return std::clamp<std::uint64_t>(limit_ / kPieces, 1, kLargestPiece);
}

Pacer::Time Pacer::book(std::size_t bytes, Time now) noexcept {
  if (limit_ == 0) return now;
  const Time due = std::max(next_, now - kCredit);
  const std::chrono::duration<double> takes(static_cast<double>(bytes) / static_cast<double>(limit_));
  next_ = due + duration_cast<Time::duration>(takes);
  return due;
}

}  // namespace outhaul
