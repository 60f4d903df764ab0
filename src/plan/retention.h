// Which runs stay restorable, and what becomes garbage when others don't. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "outhaul/policy.h"
#include "outhaul/versions.h"

namespace outhaul {

struct LocalTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
};

/// The calendar that days, weeks and months are counted by. Given in, so that nothing here depends on the
/// machine.
struct TimeZone {
  std::function<LocalTime(std::int64_t ns)> local;
  /// Nanoseconds since the epoch. Fields beyond their range are carried over, as mktime(3) does.
  std::function<std::int64_t(const LocalTime&)> instant;
};

/// `restic forget`'s rules: from the newest run back, the first of each hour, day, ISO week, month and year
/// is kept until the rule's number is used up; the oldest run of all counts too while a number is left;
/// `within` keeps what began later than that long before the newest. The newest run is always kept, and every
/// run when there are no rules. `snapshots` in order of their runs, none forgotten. One verdict for each, in
/// the same order.
std::vector<RunVerdict> apply_rules(const std::vector<Snapshot>& snapshots, const VersionPolicy& policy,
                                    const TimeZone& zone);

/// apply_rules, then `max_bytes`: while the versions are more, the oldest run goes; never the newest.
Retention decide_retention(const std::vector<Snapshot>& snapshots, const std::vector<VersionGroup>& versions,
                           const VersionPolicy& policy, const TimeZone& zone);

/// "1y6m", "30d", "2d12h".
std::string to_string(const Span& span);

}  // namespace outhaul
