#include "adopt/match.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

std::int64_t floor_to(std::int64_t value, std::int64_t step) noexcept {
  const std::int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

/// What an entry's time would be if this were its: the source's times end where nanoseconds do.
std::int64_t as_kept(std::int64_t seconds) noexcept {
  return floor_seconds(ns_of_seconds(seconds));
}

const RemoteEntry* find(const Listing& listing, std::string_view name) {
  const auto at = std::ranges::lower_bound(listing.entries, name, {}, &RemoteEntry::name);
  return at != listing.entries.end() && at->name == name ? &*at : nullptr;
}

Match differs(const RemoteEntry& entry, std::string message) {
  return {Match::What::differs, entry.name, std::move(message)};
}

}  // namespace

bool same_time(std::int64_t mtime_ns, std::int64_t listed_s, TimesAre times) noexcept {
  const std::int64_t local_s = floor_seconds(mtime_ns);
  listed_s = as_kept(listed_s);
  // File systems that round to two seconds, and tools that round up.
  if (times == TimesAre::seconds) return listed_s - local_s >= -2 && listed_s - local_s <= 2;
  const bool a_day = floor_to(listed_s, 86'400) == listed_s;
  return floor_to(local_s, 60) == listed_s || (a_day && floor_to(local_s, 86'400) == listed_s);
}

Match match_file(const Entry& local, std::string_view our_name, const Listing& listing, AdoptCompare compare,
                 TimesAre times) {
  const RemoteEntry* entry = find(listing, our_name);
  if (entry == nullptr) entry = find(listing, local.path.name());
  if (entry == nullptr) return {};
  if (entry->kind != RemoteEntry::Kind::file) return differs(*entry, "is no file there");
  if (!entry->size) return differs(*entry, "the listing doesn't tell its size");
  if (*entry->size != local.size)
    return differs(*entry, fmt::format("has {} bytes there instead of {}", *entry->size, local.size));
  if (compare == AdoptCompare::mtime) {
    if (!entry->mtime_s) return differs(*entry, "the listing doesn't tell its time");
    if (!same_time(local.mtime_ns, *entry->mtime_s, times))
      return differs(*entry, fmt::format("has the same size, but was modified {} s apart",
                                         as_kept(*entry->mtime_s) - floor_seconds(local.mtime_ns)));
  }
  return {Match::What::same, entry->name, {}};
}

}  // namespace outhaul
