// Retired objects: versions, and what of them nobody needs any more.
#include <fmt/format.h>

#include <utility>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"

namespace outhaul {
namespace {

using Status = StoredObject::Status;

constexpr std::pair<Status, std::string_view> kStatuses[] = {{Status::uploading, "uploading"},
                                                             {Status::live, "live"},
                                                             {Status::kept, "kept"},
                                                             {Status::retired, "retired"},
                                                             {Status::gone, "gone"}};

Status status_of(const sqlite::Database& db, std::string_view name) {
  for (const auto& [status, known] : kStatuses)
    if (known == name) return status;
  throw damaged(db.file(), fmt::format("an object has the status \"{}\"", printable(name)));
}

}  // namespace

StoredObject read_object(const sqlite::Database& db, const sqlite::Statement& row) {
  return {.id = row.get<ObjectId>(0),
          .remote_name = stored_remote_path(db, row.bytes(1)),
          .size = row.get<std::uint64_t>(2),
          .sha256 = stored_digest(row, 3),
          .status = status_of(db, row.bytes(4)),
          .created_run = row.get<RunId>(5),
          .retired_run = row.get<RunId>(6)};
}

void State::retire(ObjectId object, RunId run, const RemotePath& version_name) {
  impl_->require_transaction("retire()");
  const auto changed = sqlite::execute(
      impl_->db(),
      "UPDATE object SET status = 'retired', retired_run = coalesce(retired_run, ?), remote_name = ? "
      "WHERE id = ? AND status IN ('live', 'kept', 'retired')",
      run, blob_of(version_name), object);
  if (changed != 1)
    throw Error(ErrorKind::internal, fmt::format("retire(): object {} is not in a status for that",
                                                 static_cast<std::int64_t>(object)));
}

std::optional<StoredObject> State::kept_at(const RemotePath& remote_name) const {
  sqlite::Query query(impl_->db(),
                      "SELECT " OUTHAUL_OBJECT_COLUMNS
                      " FROM object WHERE status = 'kept' AND remote_name = ? ORDER BY id DESC LIMIT 1",
                      blob_of(remote_name));
  if (!query.next()) return std::nullopt;
  return read_object(impl_->db(), query.row());
}

std::vector<VersionGroup> State::versions(JobId job) const {
  std::vector<VersionGroup> groups;
  sqlite::Query query(impl_->db(),
                      "SELECT created_run, retired_run, count(*), sum(size) FROM object "
                      "WHERE job = ? AND status = 'retired' GROUP BY 1, 2 ORDER BY 1, 2",
                      job);
  while (query.next())
    groups.push_back({query.row().get<RunId>(0), query.row().get<RunId>(1), query.row().get<std::uint64_t>(2),
                      query.row().get<std::uint64_t>(3)});
  return groups;
}

void State::each_departed(JobId job, RunId since, const std::function<void(const Departed&)>& each) const {
  sqlite::Query query(impl_->db(),
                      "SELECT created_run, retired_run, size FROM object "
                      "WHERE job = ? AND status = 'retired' AND retired_run >= ?",
                      job, since);
  while (query.next())
    each({query.row().get<RunId>(0), query.row().get<RunId>(1), query.row().get<std::uint64_t>(2)});
}

std::vector<StoredObject> State::garbage(JobId job, ObjectId after, std::size_t most) const {
  std::vector<StoredObject> objects;
  sqlite::Query query(
      impl_->db(),
      "SELECT " OUTHAUL_OBJECT_COLUMNS
      " FROM object AS o WHERE o.job = ?1 AND o.status = 'retired' AND o.id > ?2 AND NOT EXISTS "
      "(SELECT 1 FROM snapshot AS s WHERE s.job = ?1 AND s.run >= o.created_run AND s.run < o.retired_run "
      "AND s.forgotten_run IS NULL) ORDER BY o.id LIMIT ?3",
      job, after, most);
  while (query.next()) objects.push_back(read_object(impl_->db(), query.row()));
  return objects;
}

}  // namespace outhaul
