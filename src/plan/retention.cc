#include "plan/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

std::int64_t days_since_epoch(int year, int month, int day) {
  // Howard Hinnant's days_from_civil.
  const std::int64_t y = std::int64_t{year} - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

std::int64_t hour_bucket(const LocalTime& t) {
  return days_since_epoch(t.year, t.month, t.day) * 24 + t.hour;
}
std::int64_t day_bucket(const LocalTime& t) {
  return days_since_epoch(t.year, t.month, t.day);
}
/// The number of the ISO week, which begins on Monday, since the epoch's: without a seam at the turn of the
/// year.
std::int64_t week_bucket(const LocalTime& t) {
  const std::int64_t since_a_monday = day_bucket(t) + 3;  // 1970-01-01 was a Thursday
  return (since_a_monday >= 0 ? since_a_monday : since_a_monday - 6) / 7;
}
std::int64_t month_bucket(const LocalTime& t) {
  return std::int64_t{t.year} * 12 + t.month;
}
std::int64_t year_bucket(const LocalTime& t) {
  return t.year;
}

/// One rule that counts: so many more of them, each in another bucket than the one before.
struct Rule {
  std::uint32_t left;
  std::int64_t (*bucket)(const LocalTime&);  ///< null: every run is one of its own
  const char* name;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
};

void ask(Rule& rule, const LocalTime& time, bool oldest, std::vector<std::string>& reasons) {
  if (rule.left == 0) return;
  const bool same = rule.bucket != nullptr && rule.bucket(time) == rule.last;
  if (same && !oldest) return;
  if (rule.bucket != nullptr) rule.last = rule.bucket(time);
  --rule.left;
  reasons.push_back(same ? fmt::format("oldest {}", rule.name) : rule.name);
}

/// What began later than this is kept.
std::int64_t edge_of(const Span& within, std::int64_t newest_ns, const TimeZone& zone) {
  LocalTime edge = zone.local(newest_ns);
  edge.year -= static_cast<int>(within.years);
  edge.month -= static_cast<int>(within.months);
  edge.day -= static_cast<int>(within.days);
  return clamped_difference(clamped_sum(zone.instant(edge), split_ns(newest_ns).nanoseconds),
                            within.hours * kHour);
}

}  // namespace

std::string to_string(const Span& span) {
  std::string text;
  for (const auto& [count, unit] :
       {std::pair{span.years, 'y'}, {span.months, 'm'}, {span.days, 'd'}, {span.hours, 'h'}})
    if (count != 0) text += fmt::format("{}{}", count, unit);
  return text;
}

std::vector<RunVerdict> apply_rules(const std::vector<Snapshot>& snapshots, const VersionPolicy& policy,
                                    const TimeZone& zone) {
  std::vector<RunVerdict> verdicts(snapshots.size());
  if (snapshots.empty()) return verdicts;
  std::array rules{Rule{policy.last, nullptr, "last"},
                   Rule{policy.hourly, hour_bucket, "hourly"},
                   Rule{policy.daily, day_bucket, "daily"},
                   Rule{policy.weekly, week_bucket, "weekly"},
                   Rule{policy.monthly, month_bucket, "monthly"},
                   Rule{policy.yearly, year_bucket, "yearly"}};
  const bool by_age = !policy.within.zero();
  const std::int64_t edge = by_age ? edge_of(policy.within, snapshots.back().started_ns, zone) : 0;
  for (std::size_t i = snapshots.size(); i-- > 0;) {
    const Snapshot& snapshot = snapshots[i];
    RunVerdict& verdict = verdicts[i];
    verdict.run = snapshot.run;
    std::vector<std::string>& reasons = verdict.reasons;
    if (i + 1 == snapshots.size()) reasons.emplace_back("newest");
    if (!policy.has_rules()) reasons.emplace_back("no rule lets it go");
    if (by_age && snapshot.started_ns > edge)
      reasons.push_back(fmt::format("within {}", to_string(policy.within)));
    const LocalTime time = zone.local(snapshot.started_ns);
    for (Rule& rule : rules) ask(rule, time, i == 0, reasons);
    verdict.kept = !reasons.empty();
    if (!verdict.kept) reasons.emplace_back("no rule keeps it");
  }
  return verdicts;
}

namespace {

/// The versions by the newest kept run that needs them.
class Holdings {
 public:
  Holdings(const std::vector<RunVerdict>& verdicts, const std::vector<VersionGroup>& versions) {
    for (std::size_t i = 0; i < verdicts.size(); ++i)
      if (verdicts[i].kept) kept_.push_back({verdicts[i].run, i, {}});
    for (const VersionGroup& group : versions) {
      VersionGroup& sum = holder_of(group);
      sum.objects += group.objects;
      sum.bytes += group.bytes;
      if (&sum != &garbage_) kept_bytes_ += group.bytes;
    }
  }

  /// Lets the oldest kept run go. Its versions are garbage: every older run went before. The run's place
  /// among the verdicts.
  std::size_t let_oldest_go() {
    const Held& oldest = kept_[first_++];
    garbage_.objects += oldest.versions.objects;
    garbage_.bytes += oldest.versions.bytes;
    kept_bytes_ -= oldest.versions.bytes;
    return oldest.verdict;
  }
  bool only_the_newest_left() const noexcept { return kept_.size() - first_ <= 1; }
  std::uint64_t kept_bytes() const noexcept { return kept_bytes_; }
  const VersionGroup& garbage() const noexcept { return garbage_; }

 private:
  struct Held {
    RunId run;
    std::size_t verdict;
    VersionGroup versions;
  };
  VersionGroup& holder_of(const VersionGroup& group) {
    auto after = std::lower_bound(kept_.begin(), kept_.end(), group.retired,
                                  [](const Held& held, RunId run) { return held.run < run; });
    if (after == kept_.begin() || std::prev(after)->run < group.created) return garbage_;
    return std::prev(after)->versions;
  }

  std::vector<Held> kept_;
  std::size_t first_ = 0;
  VersionGroup garbage_;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace

Retention decide_retention(const std::vector<Snapshot>& snapshots, const std::vector<VersionGroup>& versions,
                           const VersionPolicy& policy, const TimeZone& zone) {
  Retention retention;
  retention.runs = apply_rules(snapshots, policy, zone);
  Holdings holdings(retention.runs, versions);
  if (policy.max_bytes) {
    while (holdings.kept_bytes() > *policy.max_bytes && !holdings.only_the_newest_left())
      retention.runs[holdings.let_oldest_go()] = {};
    for (std::size_t i = 0; i < snapshots.size(); ++i)
      if (retention.runs[i].run == kNoRun) retention.runs[i] = {snapshots[i].run, false, {"max_bytes"}};
    if (holdings.kept_bytes() > *policy.max_bytes)
      retention.over_by = holdings.kept_bytes() - *policy.max_bytes;
  }
  for (const RunVerdict& verdict : retention.runs)
    if (!verdict.kept) retention.forgotten.push_back(verdict.run);
  retention.garbage = holdings.garbage();
  retention.kept_bytes = holdings.kept_bytes();
  return retention;
}

}  // namespace outhaul
