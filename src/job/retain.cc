#include "job/retain.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "job/when.h"
#include "outhaul/counted.h"
#include "plan/timeline.h"

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

LocalTime local_time(std::int64_t ns) {
  const std::time_t seconds = floor_seconds(ns);
  std::tm tm{};
  ::localtime_r(&seconds, &tm);
  return {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
}

std::int64_t instant(const LocalTime& time) {
  std::tm tm{};
  tm.tm_year = time.year - 1900;
  tm.tm_mon = time.month - 1;
  tm.tm_mday = time.day;
  tm.tm_hour = time.hour;
  tm.tm_min = time.minute;
  tm.tm_sec = time.second;
  tm.tm_isdst = -1;  // whichever holds then
  return ns_of_seconds(::mktime(&tm));
}

}  // namespace

TimeZone local_zone() {
  return {local_time, instant};
}

namespace {

/// All runs up to `tonight`, which a plan has yet to make.
std::vector<RunTime> times_up_to(const State& state, JobId id, const Snapshot& tonight) {
  std::vector<RunTime> times = state.run_times(id);
  std::erase_if(times, [&](const RunTime& time) { return time.run > tonight.run; });
  if (times.empty() || times.back().run != tonight.run)
    times.push_back({tonight.run, tonight.started_ns, false});
  return times;
}

std::vector<Snapshot> dated(std::vector<Snapshot> snapshots, const Timeline& timeline) {
  for (Snapshot& snapshot : snapshots) snapshot = timeline.dated(snapshot);
  return snapshots;
}

/// "40 minutes", "3 days", "11 years".
std::string distance(std::int64_t ns) {
  constexpr std::int64_t kHour = 60 * Timeline::kMinute, kYear = 365 * Timeline::kDay;
  const std::int64_t length = ns < 0 ? -ns : ns;
  const auto [unit, name] = length >= 2 * kYear            ? std::pair{kYear, "years"}
                            : length >= 2 * Timeline::kDay ? std::pair{Timeline::kDay, "days"}
                            : length >= 2 * kHour          ? std::pair{kHour, "hours"}
                                                           : std::pair{Timeline::kMinute, "minutes"};
  return fmt::format("{} {}", length / unit, name);
}

std::string in_words(const ClockDoubt& doubt) {
  return fmt::format("the clock says {}, which is {} {} {}", local_minute(doubt.now.started_ns),
                     distance(doubt.now.started_ns - doubt.believed.started_ns),
                     doubt.backwards() ? "before" : "after",
                     shown({doubt.believed.run, doubt.believed.started_ns, false, 0}));
}

/// By a clock that has jumped nothing goes, unless somebody has said that it is right.
Retention by_the_clock(const Job& job, const std::vector<Snapshot>& snapshots,
                       const std::vector<VersionGroup>& versions, std::vector<RunTime> times,
                       const ClockDoubt& doubt, const std::vector<std::string>& approve) {
  times.back().approved = true;
  Retention retention =
      decide_retention(dated(snapshots, Timeline(times)), versions, job.versions, local_zone());
  const std::string id = retention_id(job.name, doubt.believed.run, retention.forgotten);
  if (std::ranges::find(approve, id) != approve.end()) {
    retention.clock_approved = true;
    return retention;
  }
  PutOff told;
  told.since = doubt.since.run;
  told.because = in_words(doubt);
  return put_off_by_clock(std::move(retention), job.name, doubt.believed.run, std::move(told));
}

std::vector<Departed> departed_in_doubt(const State& state, JobId id,
                                        const std::vector<OpenProblem>& problems) {
  std::vector<Departed> departed;
  if (problems.empty()) return departed;
  state.each_departed(id, problems.front().since, [&](const Departed& object) {
    if (std::ranges::any_of(problems, [&](const OpenProblem& problem) {
          return may_be_about(problem, object.retired, object.size);
        }))
      departed.push_back(object);
  });
  return departed;
}

}  // namespace

std::optional<Retention> retention_of(const State& state, JobId id, const Job& job, const Snapshot& tonight,
                                      const std::vector<std::string>& approve) {
  if (job.versions.empty()) return std::nullopt;
  std::vector<Snapshot> snapshots = state.snapshots(id);
  std::erase_if(snapshots, [&](const Snapshot& one) { return one.forgotten || one.run >= tonight.run; });
  snapshots.push_back(tonight);
  const std::vector<VersionGroup> versions = state.versions(id);
  const std::vector<RunTime> times = times_up_to(state, id, tonight);
  const Timeline timeline(times);
  Retention retention =
      timeline.doubt() && goes_by_time(job.versions)
          ? by_the_clock(job, snapshots, versions, times, *timeline.doubt(), approve)
          : decide_retention(dated(snapshots, timeline), versions, job.versions, local_zone());
  if (retention.put_off.empty()) {  // else nothing goes anyhow
    const std::vector<OpenProblem> problems = state.open_problems(id);
    put_off_in_doubt(retention, versions, departed_in_doubt(state, id, problems), problems);
  }
  for (PutOff& put_off : retention.put_off)
    for (const RunTime& time : times)
      if (time.run == put_off.since) put_off.since_ns = time.started_ns;
  return retention;
}

std::vector<Snapshot> dated_snapshots(const State& state, JobId id) {
  return dated(state.snapshots(id), Timeline(state.run_times(id)));
}

void forget(State& state, JobId id, RunId tonight, const Retention& retention) {
  if (retention.forgotten.empty() && !retention.clock_approved) return;
  Transaction transaction = state.begin();
  state.add_snapshot(id, tonight);
  if (retention.clock_approved) state.approve_time(id, tonight);
  state.forget_snapshots(id, tonight, retention.forgotten);
  transaction.commit();
}

void forget_before(State& state, JobId id, RunId tonight, const Retention& retention) {
  if (retention.forgotten.empty()) return;
  Transaction transaction = state.begin();
  state.forget_snapshots(id, tonight, retention.forgotten);
  transaction.commit();
}

std::optional<Problem> warning_about(const Retention& retention, const Job& job) {
  Problem problem{Problem::Severity::warning, job.name, {}, {}, {}};
  if (retention.over_by > 0) {
    problem.message = fmt::format(
        "versions take {} bytes more than \"max_bytes\" allows, although only the newest run is left",
        retention.over_by);
    problem.advice = "Allow more, or keep less in the source.";
    return problem;
  }
  if (!retention.forgets_all_older()) return std::nullopt;
  problem.message = fmt::format(
      "\"versions\" keeps none of the {} older runs: after this run only its own tree can be restored",
      retention.forgotten.size());
  problem.advice =
      "If that is not meant, mend \"versions\" before the next run; what is deleted stays deleted.";
  return problem;
}

Problem warning_about(const PutOff& put_off, const Job& job) {
  Problem problem{Problem::Severity::warning, job.name, {}, {}, {}};
  const std::string what = fmt::format("{} ({}) and {}", counted(put_off.versions, "version"),
                                       counted(put_off.bytes, "byte"), counted(put_off.runs.size(), "run"));
  if (put_off.why == PutOff::Why::clock) {
    problem.message = fmt::format("{}: nothing is let go by that; put off since run {}: {}", put_off.because,
                                  static_cast<std::int64_t>(put_off.since), what);
    problem.advice = fmt::format(
        "If the clock is wrong, set it right: the next run goes on as before. If it is right, let exactly "
        "these go with `outhaul run PROFILE --approve {}`; without that it is believed after runs on {} "
        "days.",
        put_off.approval, Timeline::kDaysToProve);
    return problem;
  }
  problem.message = fmt::format(
      "{} that \"versions\" lets go are put off since {}: they may be the only copies of what is not stored: "
      "{}",
      what, shown({put_off.since, put_off.since_ns, false, 0}), put_off.because);
  problem.advice = "Mend what is named there, or exclude it; the next run after that lets them go.";
  return problem;
}

}  // namespace outhaul
