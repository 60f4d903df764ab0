// Snapshots: the runs after which a job's tree can be restored; and when a path was in a tree.
#include "state/impl.h"
#include "state/state.h"

namespace outhaul {

std::vector<Snapshot> State::snapshots(JobId job) const {
  std::vector<Snapshot> all;
  sqlite::Query query(impl_->db(),
                      "SELECT s.run, r.started_ns, s.forgotten_run IS NOT NULL FROM snapshot AS s "
                      "JOIN run AS r ON r.id = s.run WHERE s.job = ? ORDER BY s.run",
                      job);
  while (query.next())
    all.push_back(
        {query.row().get<RunId>(0), query.row().integer(1), query.row().get<std::int64_t>(2) != 0, 0});
  return all;
}

std::vector<RunTime> State::run_times(JobId job) const {
  std::vector<RunTime> all;
  sqlite::Query query(impl_->db(),
                      "SELECT r.id, r.started_ns, coalesce(s.time_approved, 0) FROM run AS r "
                      "LEFT JOIN snapshot AS s ON s.job = ? AND s.run = r.id ORDER BY r.id",
                      job);
  while (query.next())
    all.push_back({query.row().get<RunId>(0), query.row().integer(1), query.row().integer(2) != 0});
  return all;
}

void State::approve_time(JobId job, RunId run) {
  impl_->require_transaction("approve_time()");
  sqlite::execute(impl_->db(), "UPDATE snapshot SET time_approved = 1 WHERE job = ? AND run = ?", job, run);
}

void State::add_snapshot(JobId job, RunId run) {
  impl_->require_transaction("add_snapshot()");
  sqlite::execute(impl_->db(), "INSERT OR IGNORE INTO snapshot (job, run) VALUES (?, ?)", job, run);
}

void State::forget_snapshots(JobId job, RunId run, const std::vector<RunId>& forgotten) {
  impl_->require_transaction("forget_snapshots()");
  for (const RunId one : forgotten)
    sqlite::execute(
        impl_->db(),
        "UPDATE snapshot SET forgotten_run = ? WHERE job = ? AND run = ? AND forgotten_run IS NULL", run, job,
        one);
  if (forgotten.empty()) return;
  sqlite::execute(impl_->db(),
                  "DELETE FROM past_entry WHERE job = ?1 AND NOT EXISTS (SELECT 1 FROM snapshot AS s "
                  "WHERE s.job = ?1 AND s.run >= from_run AND s.run < to_run AND s.forgotten_run IS NULL)",
                  job);
}

std::vector<TimeInTree> State::presence(JobId job, const RelPath& path) const {
  std::vector<TimeInTree> all;
  sqlite::Query query(impl_->db(),
                      "SELECT from_run, to_run FROM past_entry WHERE job = ?1 AND path = ?2 UNION ALL "
                      "SELECT from_run, NULL FROM entry WHERE job = ?1 AND path = ?2 ORDER BY 1",
                      job, blob_of(path));
  while (query.next()) {
    TimeInTree when{query.row().get<RunId>(0), {}};
    if (!query.row().is_null(1)) when.to = query.row().get<RunId>(1);
    if (!all.empty() && all.back().to == when.from)
      all.back().to = when.to;  // it changed, and was there all the time
    else
      all.push_back(when);
  }
  return all;
}

std::vector<PastEntry> State::history(JobId job, const RelPath& path) const {
  std::vector<PastEntry> all;
  sqlite::Query query(impl_->db(),
                      "SELECT " OUTHAUL_ENTRY_COLUMNS
                      ", from_run AS began, (SELECT started_ns FROM run WHERE id = from_run), to_run, "
                      "(SELECT started_ns FROM run WHERE id = to_run) "
                      "FROM past_entry WHERE job = ?1 AND path = ?2 UNION ALL "
                      "SELECT " OUTHAUL_ENTRY_COLUMNS
                      ", from_run, (SELECT started_ns FROM run WHERE id = from_run), NULL, NULL "
                      "FROM entry WHERE job = ?1 AND path = ?2 ORDER BY began",
                      job, blob_of(path));
  while (query.next()) {
    PastEntry past;
    read_entry(impl_->db(), query.row(), past.entry);
    past.from = query.row().get<RunId>(kEntryColumns);
    past.from_ns = query.row().integer(kEntryColumns + 1);
    if (!query.row().is_null(kEntryColumns + 2)) {
      past.to = query.row().get<RunId>(kEntryColumns + 2);
      past.to_ns = query.row().integer(kEntryColumns + 3);
    }
    all.push_back(std::move(past));
  }
  return all;
}

std::optional<RelPath> State::moved_from(JobId job, ObjectId object, RunId run, const RelPath& to) const {
  sqlite::Query query(
      impl_->db(),
      "SELECT path FROM past_entry WHERE job = ? AND object = ? AND to_run = ? AND path <> ? LIMIT 1", job,
      object, run, blob_of(to));
  if (!query.next()) return std::nullopt;
  return RelPath::trusted(query.row().string(0));
}

}  // namespace outhaul
