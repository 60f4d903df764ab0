#include "job/history.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "state/state.h"

namespace outhaul {
namespace {

class Historian {
 public:
  Historian(const State& state, JobId job) : state_(state), job_(job), snapshots_(state.snapshots(job)) {}

  /// Appends, newest first, what was at `path` and ended at `until` at the latest, and goes on where a rename
  /// began it.
  void tell(RelPath path, std::vector<HistoryRow>& rows) {
    std::optional<RunId> until;
    for (std::set<RelPath> told; told.insert(path).second;) {
      std::vector<PastEntry> past = state_.history(job_, path);
      std::erase_if(past, [&](const PastEntry& one) { return until && (!one.to || *one.to > *until); });
      for (auto one = past.rbegin(); one != past.rend(); ++one) rows.push_back(row_for(*one));
      if (past.empty() || past.front().entry.object == kNoObject) return;
      until = past.front().from;
      const auto earlier = state_.moved_from(job_, past.front().entry.object, *until, path);
      if (!earlier) return;
      path = *earlier;
    }
  }

 private:
  HistoryRow row_for(const PastEntry& past) const {
    HistoryRow row;
    row.entry = past.entry;
    row.from = past.from;
    row.from_ns = past.from_ns;
    row.to = past.to;
    row.to_ns = past.to_ns;
    bool there = past.entry.kind != EntryKind::file;
    if (const auto object = state_.object(past.entry.object)) {
      tell_object(*object, row);
      there = !row.remote_name.empty();
    }
    const auto newest = std::find_if(snapshots_.rbegin(), snapshots_.rend(), [&](const Snapshot& one) {
      return !one.forgotten && one.run >= past.from && (!past.to || one.run < *past.to);
    });
    if (there && newest != snapshots_.rend()) row.restore_run = newest->run;
    row.restorable = there && (!past.to || newest != snapshots_.rend());
    return row;
  }

  static void tell_object(const StoredObject& object, HistoryRow& row) {
    using Status = StoredObject::Status;
    const Status status = object.status;
    row.where = status == Status::live      ? "live"
                : status == Status::retired ? "version"
                : status == Status::kept    ? "kept"
                                            : "gone";
    if (row.where != "gone") row.remote_name = object.remote_name.wire();
    if (object.sha256) row.sha256 = to_hex(*object.sha256);
  }

  const State& state_;
  JobId job_;
  std::vector<Snapshot> snapshots_;
};

}  // namespace

HistoryReport history_of(const Profile& profile, const std::filesystem::path& state_dir,
                         const JobPath& wanted) {
  const State state = open_to_ask(profile, state_dir);
  HistoryReport report{profile.name, wanted.job->name, wanted.path, {}};
  if (const auto job = state.find_job(wanted.job->name))
    Historian(state, *job).tell(wanted.path, report.rows);
  return report;
}

}  // namespace outhaul
