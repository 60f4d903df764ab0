// Which past trees there are, and when a path was in them.
#include "state/impl.h"
#include "state/state.h"

namespace outhaul {

std::vector<Snapshot> State::snapshots(JobId job) const {
  // Runs that ended since the last one that was written down count as well: their trees are whole, too.
  std::vector<Snapshot> all;
  sqlite::Query query(impl_->db(),
                      "SELECT s.run AS id, r.started_ns, s.forgotten_run IS NOT NULL FROM snapshot AS s "
                      "JOIN run AS r ON r.id = s.run WHERE s.job = ?1 UNION ALL "
                      "SELECT id, started_ns, 0 FROM run WHERE outcome IN (0, 3) "
                      "AND id > coalesce((SELECT max(run) FROM snapshot WHERE job = ?1), 0) "
                      "AND id >= coalesce((SELECT min(first) FROM ("
                      "SELECT min(from_run) AS first FROM entry WHERE job = ?1 UNION ALL "
                      "SELECT min(from_run) FROM past_entry WHERE job = ?1)), id + 1) ORDER BY id",
                      job);
  while (query.next())
    all.push_back({query.row().get<RunId>(0), query.row().integer(1), query.row().get<std::int64_t>(2) != 0});
  return all;
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

}  // namespace outhaul
