#include "plan/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "base/digest.h"

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

bool goes_by_time(const VersionPolicy& policy) noexcept {
  return policy.hourly + policy.daily + policy.weekly + policy.monthly + policy.yearly != 0 ||
         !policy.within.zero();
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
    if (by_age && clamped_sum(snapshot.started_ns, snapshot.unseen_ns) > edge)
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

Retention put_off_by_clock(Retention by_clock, const std::string& job, RunId believed, PutOff&& told) {
  if (by_clock.forgotten.empty() && by_clock.garbage.objects == 0) return by_clock;
  told.why = PutOff::Why::clock;
  told.approval = retention_id(job, believed, by_clock.forgotten);
  told.versions = by_clock.garbage.objects;
  told.bytes = by_clock.garbage.bytes;
  told.runs = std::exchange(by_clock.forgotten, {});
  by_clock.kept_bytes += std::exchange(by_clock.garbage, {}).bytes;
  by_clock.over_by = 0;
  for (RunVerdict& verdict : by_clock.runs) {
    if (verdict.kept) continue;
    verdict.kept = true;
    verdict.reasons.emplace_back("put off: the clock");
  }
  by_clock.put_off.push_back(std::move(told));
  return by_clock;
}

std::string retention_id(const std::string& job, RunId believed, const std::vector<RunId>& forgotten) {
  constexpr std::size_t kIdBytes = 6;
  std::string record = fmt::format("retention {} after {}:", job, static_cast<std::int64_t>(believed));
  for (const RunId run : forgotten) record += fmt::format(" {}", static_cast<std::int64_t>(run));
  Sha256 hash;
  hash.update(record);
  const Sha256Digest digest = hash.finish();
  return to_hex(std::span(digest).first(kIdBytes));
}

bool may_be_about(const OpenProblem& problem, RunId retired, std::uint64_t size) noexcept {
  if (size == 0 || retired < problem.since) return false;  // nothing is lost with nothing
  return !problem.size || *problem.size == size;
}

namespace {

/// "d/x (Permission denied), y (Permission denied) and 3 more".
std::string in_words(const std::vector<const OpenProblem*>& problems) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, problems.size()); ++i) {
    const std::string path = printable(problems[i]->path.bytes());
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", path.empty() ? "files that are not stored" : path,
                        problems[i]->reason);
  }
  if (problems.size() > kNamed) text += fmt::format(" and {} more", problems.size() - kNamed);
  return text;
}

/// What stays because of open problems, while it is being found.
class Doubtful {
 public:
  Doubtful(const std::vector<RunVerdict>& runs, const std::vector<OpenProblem>& problems)
      : runs_(runs), problems_(problems) {}

  void look_at(const Departed& object) {
    const auto holder = newest_with(object);
    if (holder != runs_.rend() && is_held(object)) return;
    bool stays = false;
    for (const OpenProblem& problem : problems_) {
      if (!may_be_about(problem, object.retired, object.size)) continue;
      stays = true;
      because_.insert(&problem);
    }
    if (!stays) return;
    if (holder != runs_.rend()) {
      held_.insert(holder->run);
    } else {
      ++loose_.objects;  // no run that can be restored has it
      loose_.bytes += object.size;
    }
  }

  const std::set<RunId>& held() const noexcept { return held_; }
  const VersionGroup& loose() const noexcept { return loose_; }
  std::vector<const OpenProblem*> because() const {
    std::vector<const OpenProblem*> sorted(because_.begin(), because_.end());
    std::ranges::sort(sorted, {}, [](const OpenProblem* one) { return std::pair(one->since, one->path); });
    return sorted;
  }

 private:
  std::vector<RunVerdict>::const_reverse_iterator newest_with(const Departed& object) const {
    const auto after = std::lower_bound(runs_.begin(), runs_.end(), object.retired,
                                        [](const RunVerdict& run, RunId id) { return run.run < id; });
    const auto newest = std::make_reverse_iterator(after);
    return newest != runs_.rend() && newest->run >= object.created ? newest : runs_.rend();
  }
  /// A run that stays anyhow has it.
  bool is_held(const Departed& object) const {
    for (const RunVerdict& run : runs_)
      if (run.run >= object.created && run.run < object.retired && run.kept) return true;
    return false;
  }

  const std::vector<RunVerdict>& runs_;
  const std::vector<OpenProblem>& problems_;
  std::set<RunId> held_;
  std::set<const OpenProblem*> because_;
  VersionGroup loose_;
};

}  // namespace

void put_off_in_doubt(Retention& retention, const std::vector<VersionGroup>& versions,
                      const std::vector<Departed>& departed, const std::vector<OpenProblem>& problems) {
  Doubtful doubtful(retention.runs, problems);
  for (const Departed& object : departed) doubtful.look_at(object);
  const std::vector<const OpenProblem*> because = doubtful.because();
  if (because.empty()) return;
  for (RunVerdict& verdict : retention.runs)
    if (doubtful.held().contains(verdict.run)) {
      verdict.kept = true;
      verdict.reasons.emplace_back("put off: open problems");
    }
  std::erase_if(retention.forgotten, [&](RunId run) { return doubtful.held().contains(run); });
  const Holdings now(retention.runs, versions);
  VersionGroup garbage = now.garbage();
  garbage.objects -= doubtful.loose().objects;
  garbage.bytes -= doubtful.loose().bytes;
  PutOff put_off;
  put_off.runs.assign(doubtful.held().begin(), doubtful.held().end());
  put_off.versions = retention.garbage.objects - garbage.objects;
  put_off.bytes = retention.garbage.bytes - garbage.bytes;
  put_off.since = because.front()->since;
  put_off.because = in_words(because);
  retention.garbage = garbage;
  retention.kept_bytes += put_off.bytes;
  retention.put_off.push_back(std::move(put_off));
}

}  // namespace outhaul
