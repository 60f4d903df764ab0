// Runs: the history that every change in the state belongs to.
#include <fmt/format.h>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/state.h"

namespace outhaul {
namespace {

#define OUTHAUL_RUN_COLUMNS                                                                              \
  "id, started_ns, finished_ns, outcome, files_uploaded, bytes_uploaded, bytes_sent, dirs_made, moved, " \
  "removed, "                                                                                            \
  "dirs_removed, recorded, compared, kept, withheld, retries, resumed_bytes, retired, superseded, "      \
  "expired, expired_bytes, problems, message"

RunRow read_run(const sqlite::Statement& row) {
  RunRow run;
  run.run = row.get<RunId>(0);
  run.started_ns = row.integer(1);
  if (!row.is_null(2)) run.finished_ns = row.integer(2);
  if (!row.is_null(3)) run.outcome = row.get<ExitCode>(3);
  int column = 4;
  JobCounters& done = run.done;
  for (std::uint64_t* counter :
       {&done.files_uploaded, &done.bytes_uploaded, &done.bytes_sent, &done.dirs_made, &done.moved,
        &done.removed, &done.dirs_removed, &done.recorded, &done.compared, &done.kept, &done.withheld,
        &done.retries, &done.resumed_bytes, &done.retired, &done.superseded, &done.expired,
        &done.expired_bytes, &run.problems})
    *counter = row.get<std::uint64_t>(column++);
  run.message = row.string(column);
  return run;
}

}  // namespace

RunId State::begin_run(std::int64_t started_ns) {
  impl_->require_none("a run");
  RunId run{};
  impl_->in_transaction([&] {
    sqlite::execute(impl_->db(), "INSERT INTO run (started_ns) VALUES (?)", started_ns);
    run = RunId{impl_->db().last_insert_rowid()};  // the commit may insert something of its own
  });
  return run;
}

void State::finish_run(RunId run, std::int64_t finished_ns, ExitCode outcome, const JobCounters& done,
                       std::uint64_t problems, std::string_view message,
                       const std::vector<JobId>& snapshots) {
  impl_->require_none("the end of a run");
  impl_->in_transaction([&] {
    const auto changed = sqlite::execute(
        impl_->db(),
        "UPDATE run SET finished_ns = ?, outcome = ?, files_uploaded = ?, bytes_uploaded = ?, bytes_sent = "
        "?, "
        "dirs_made = ?, moved = ?, removed = ?, dirs_removed = ?, recorded = ?, compared = ?, kept = ?, "
        "withheld = ?, "
        "retries = ?, resumed_bytes = ?, retired = ?, superseded = ?, expired = ?, expired_bytes = ?, "
        "problems = ?, message = ? WHERE id = ?",
        finished_ns, outcome, done.files_uploaded, done.bytes_uploaded, done.bytes_sent, done.dirs_made,
        done.moved, done.removed, done.dirs_removed, done.recorded, done.compared, done.kept, done.withheld,
        done.retries, done.resumed_bytes, done.retired, done.superseded, done.expired, done.expired_bytes,
        problems, sqlite::Text{message}, run);
    if (changed != 1)
      throw Error(ErrorKind::internal, fmt::format("run {} was never begun", static_cast<std::int64_t>(run)));
    for (const JobId job : snapshots) add_snapshot(job, run);
  });
}

std::vector<RunRow> State::runs(std::size_t newest) const {
  std::vector<RunRow> rows;
  sqlite::Query query(impl_->db(), "SELECT " OUTHAUL_RUN_COLUMNS " FROM run ORDER BY id DESC LIMIT ?",
                      newest);
  while (query.next()) rows.push_back(read_run(query.row()));
  return rows;
}

std::optional<RunRow> State::last_success() const {
  sqlite::Query query(impl_->db(), "SELECT " OUTHAUL_RUN_COLUMNS
                                   " FROM run WHERE outcome = 0 AND message = '' ORDER BY id DESC LIMIT 1");
  if (!query.next()) return std::nullopt;
  return read_run(query.row());
}

}  // namespace outhaul
