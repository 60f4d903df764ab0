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

/// Whether the rules ask what time it is.
bool goes_by_time(const VersionPolicy& policy) noexcept;

/// By a clock that can't be relied on nothing goes: all of `by_clock` is put off. `doubt` in words.
Retention put_off_by_clock(Retention by_clock, const std::string& job, RunId believed, PutOff&& told);

/// What --approve takes to let these runs of a job go by a clock that jumped after the run `believed`. 12 hex
/// digits, the same from `plan` and from the run that follows it.
std::string retention_id(const std::string& job, RunId believed, const std::vector<RunId>& forgotten);

/// Whether an object that left the tree may be the only copy of what a problem is about: its content, under
/// another name. A file's content was in the tree under that name until it left it, and that is no earlier
/// than the problem began; and it has the size of the file that isn't stored, where that is known.
bool may_be_about(const OpenProblem& problem, RunId retired, std::uint64_t size) noexcept;

/// Keeps what may be the only copy of something: of `departed`, which holds at least every retired object
/// that a problem may be about, the newest run that has each stays restorable. Everything else goes as
/// `retention` says. What a problem's own path holds needs no such care: it stays in the tree.
void put_off_in_doubt(Retention& retention, const std::vector<VersionGroup>& versions,
                      const std::vector<Departed>& departed, const std::vector<OpenProblem>& problems);

/// "1y6m", "30d", "2d12h".
std::string to_string(const Span& span);

}  // namespace outhaul
