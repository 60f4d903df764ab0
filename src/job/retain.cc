#include "job/retain.h"

#include <fmt/format.h>

#include <ctime>

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

std::optional<Retention> retention_of(const State& state, JobId id, const Job& job, const Snapshot& tonight) {
  if (job.versions.empty()) return std::nullopt;
  std::vector<Snapshot> snapshots = state.snapshots(id);
  std::erase_if(snapshots, [&](const Snapshot& one) { return one.forgotten || one.run == tonight.run; });
  snapshots.push_back(tonight);
  return decide_retention(snapshots, state.versions(id), job.versions, local_zone());
}

void forget(State& state, JobId id, RunId tonight, const Retention& retention) {
  if (retention.forgotten.empty()) return;
  Transaction transaction = state.begin();
  state.add_snapshot(id, tonight);
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

}  // namespace outhaul
