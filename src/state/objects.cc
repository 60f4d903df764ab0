// Objects and parts: what is stored remotely, and what is on its way there.
#include <fmt/format.h>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"

namespace outhaul {
namespace {

using sqlite::Text;

std::string_view name_of(Part::Stage stage) {
  switch (stage) {
    case Part::Stage::sending:
      return "sending";
    case Part::Stage::publishing:
      return "publishing";
    case Part::Stage::aside:
      return "aside";
    case Part::Stage::retiring:
      return "retiring";
  }
  throw Error(ErrorKind::internal, "a part is at a stage that doesn't exist");
}

Part::Stage stage_of(const sqlite::Database& db, std::string_view name) {
  for (const auto stage :
       {Part::Stage::sending, Part::Stage::publishing, Part::Stage::aside, Part::Stage::retiring})
    if (name_of(stage) == name) return stage;
  throw damaged(db.file(), fmt::format("a part is at the stage \"{}\"", name));
}

[[noreturn]] void wrong_object(std::string_view what, ObjectId object) {
  throw Error(ErrorKind::internal, fmt::format("{}: object {} is not in a status for that", what,
                                               static_cast<std::int64_t>(object)));
}

#define OUTHAUL_PART_QUERY                                                                           \
  "SELECT p.object, p.path, p.part_name, o.remote_name, p.aside_name, p.inode, p.size, p.mtime_ns, " \
  "p.ctime_ns, "                                                                                     \
  "p.sha256, p.stage, p.run, p.sent, p.replaced FROM part AS p JOIN object AS o ON o.id = p.object "

Part read_part(const sqlite::Database& db, const sqlite::Statement& row) {
  Part part;
  part.object = row.get<ObjectId>(0);
  part.path = RelPath::trusted(row.string(1));
  part.part_name = stored_remote_path(db, row.bytes(2));
  part.final_name = stored_remote_path(db, row.bytes(3));
  part.aside_name = stored_remote_path(db, row.bytes(4));
  part.source = {.inode = row.get<std::uint64_t>(5),
                 .size = row.get<std::uint64_t>(6),
                 .mtime_ns = row.integer(7),
                 .ctime_ns = row.integer(8)};
  part.sha256 = stored_digest(row, 9);
  part.stage = stage_of(db, row.bytes(10));
  part.run = row.get<RunId>(11);
  if (!row.is_null(12)) part.sent = row.get<std::uint64_t>(12);
  part.replaced = row.get<ObjectId>(13);  // NULL reads as 0, which is kNoObject
  return part;
}

/// Something new took the object's name: what was kept there by on_removal is overwritten.
void end_kept_namesakes(sqlite::Database& db, ObjectId object) {
  sqlite::execute(db,
                  "UPDATE object SET status = 'gone' WHERE status = 'kept' AND id <> ?1 AND "
                  "remote_name = (SELECT remote_name FROM object WHERE id = ?1)",
                  object);
}

void end_object(sqlite::Database& db, ObjectId object, RunId run, State::Fate fate) {
  const auto changed =
      sqlite::execute(db,
                      "UPDATE object SET status = ?1, retired_run = coalesce(retired_run, ?2) "
                      "WHERE id = ?3 AND (status IN ('live', 'kept', 'retired') OR status = ?1)",
                      Text{fate == State::Fate::gone ? "gone" : "kept"}, run, object);
  if (changed != 1) wrong_object("retire_object()", object);
}

}  // namespace

std::optional<StoredObject> State::object(ObjectId id) const {
  sqlite::Query query(impl_->db(), "SELECT " OUTHAUL_OBJECT_COLUMNS " FROM object WHERE id = ?", id);
  if (!query.next()) return std::nullopt;
  return read_object(impl_->db(), query.row());
}

State::Totals State::totals() const {
  sqlite::Query live(impl_->db(), "SELECT count(*), sum(size) FROM object WHERE status = 'live'");
  sqlite::Query retired(impl_->db(), "SELECT count(*), sum(size) FROM object WHERE status = 'retired'");
  sqlite::Query kept(impl_->db(), "SELECT sum(size) FROM object WHERE status = 'kept'");
  sqlite::Query catalog(impl_->db(), "SELECT sum(size) FROM catalog_file WHERE stored");
  live.next();
  retired.next();
  kept.next();
  catalog.next();
  return {.files = live.row().get<std::uint64_t>(0),
          .bytes = live.row().get<std::uint64_t>(1),
          .versions = retired.row().get<std::uint64_t>(0),
          .version_bytes = retired.row().get<std::uint64_t>(1),
          .kept_bytes = kept.row().get<std::uint64_t>(0),
          .catalog_bytes = catalog.row().get<std::uint64_t>(0)};
}

State::Totals State::stored_by(RunId run) const {
  sqlite::Query query(
      impl_->db(), "SELECT count(*), sum(size) FROM object WHERE created_run = ? AND status = 'live'", run);
  query.next();
  Totals totals;
  totals.files = query.row().get<std::uint64_t>(0);
  totals.bytes = query.row().get<std::uint64_t>(1);
  return totals;
}

void State::retire_object(ObjectId object, RunId run, Fate fate) {
  impl_->require_transaction("retire_object()");
  end_object(impl_->db(), object, run, fate);
}

void State::rename_object(ObjectId object, const RemotePath& remote_name) {
  impl_->require_transaction("rename_object()");
  const auto changed = sqlite::execute(impl_->db(), "UPDATE object SET remote_name = ? WHERE id = ?",
                                       blob_of(remote_name), object);
  if (changed != 1) wrong_object("rename_object()", object);
  end_kept_namesakes(impl_->db(), object);
}

ObjectId State::begin_object(JobId job, RunId run, const RelPath& path, const RemotePath& final_name,
                             const RemotePath& part_name, const Fingerprint& source) {
  impl_->require_transaction("begin_object()");
  sqlite::Database& db = impl_->db();
  sqlite::execute(db,
                  "INSERT INTO object (remote_name, size, status, created_run, job) "
                  "VALUES (?, ?, 'uploading', ?, ?)",
                  blob_of(final_name), source.size, run, job);
  const ObjectId object{db.last_insert_rowid()};
  sqlite::execute(
      db,
      "INSERT INTO part (object, job, path, part_name, stage, inode, size, mtime_ns, ctime_ns, run) "
      "VALUES (?, ?, ?, ?, 'sending', ?, ?, ?, ?, ?)",
      object, job, blob_of(path), blob_of(part_name), source.inode, source.size, source.mtime_ns,
      source.ctime_ns, run);
  return object;
}

namespace {

/// With a digest, that too.
void set_stage(sqlite::Database& db, ObjectId object, Part::Stage stage, const RemotePath& aside_name,
               ObjectId replaced, const std::optional<sqlite::Blob>& sha256) {
  const bool retiring = stage == Part::Stage::retiring;
  const bool stands_aside = retiring || stage == Part::Stage::aside;
  const auto aside = stands_aside ? std::optional(blob_of(aside_name)) : std::nullopt;
  if (stands_aside && aside_name.empty())
    throw Error(ErrorKind::internal,
                "set_part_stage(): an object that stands aside needs the name it stands under");
  if (retiring != (replaced != kNoObject))
    throw Error(ErrorKind::internal, "set_part_stage(): retiring needs the object that is retired");
  const auto changed = sqlite::execute(db,
                                       "UPDATE part SET stage = ?, aside_name = ?, replaced = ?, sha256 = "
                                       "coalesce(?, sha256) WHERE object = ?",
                                       Text{name_of(stage)}, aside, nullable(replaced), sha256, object);
  if (changed != 1) wrong_object("set_part_stage()", object);
}

}  // namespace

void State::set_part_stage(ObjectId object, Part::Stage stage, const RemotePath& aside_name,
                           ObjectId replaced) {
  impl_->require_transaction("set_part_stage()");
  set_stage(impl_->db(), object, stage, aside_name, replaced, std::nullopt);
}

void State::begin_publication(ObjectId object, const Sha256Digest& sha256, const RemotePath& aside,
                              ObjectId replaced) {
  impl_->require_transaction("begin_publication()");
  const auto stage = replaced == kNoObject ? Part::Stage::publishing : Part::Stage::retiring;
  set_stage(impl_->db(), object, stage, aside, replaced, blob_of(sha256));
}

void State::set_part_sent(ObjectId object, std::optional<std::uint64_t> sent) {
  impl_->require_transaction("set_part_sent()");
  sqlite::execute(impl_->db(), "UPDATE part SET sent = ? WHERE object = ?", sent, object);
}

void State::publish(JobId job, RunId run, ObjectId object, const Sha256Digest& sha256, const Entry& entry) {
  impl_->require_transaction("publish()");
  sqlite::Database& db = impl_->db();
  const auto changed = sqlite::execute(db,
                                       "UPDATE object SET status = 'live', sha256 = ?, size = ?, created_run "
                                       "= ? WHERE id = ? AND status = 'uploading'",
                                       blob_of(sha256), entry.size, run, object);
  if (changed != 1) wrong_object("publish()", object);
  sqlite::execute(db, "DELETE FROM part WHERE object = ?", object);
  end_kept_namesakes(db, object);
  const ObjectId replaced = impl_->put_entry(job, run, entry, object);
  if (replaced == kNoObject || replaced == object) return;
  // Not what was retired before.
  sqlite::execute(db,
                  "UPDATE object SET status = 'gone', retired_run = coalesce(retired_run, ?1) "
                  "WHERE id = ?2 AND status IN ('live', 'kept')",
                  run, replaced);
}

void State::drop_part(ObjectId object) {
  impl_->require_transaction("drop_part()");
  sqlite::execute(impl_->db(), "DELETE FROM part WHERE object = ?", object);
  sqlite::execute(impl_->db(), "DELETE FROM object WHERE id = ? AND status = 'uploading'", object);
}

void State::abandon_part(ObjectId object) {
  impl_->require_transaction("abandon_part()");
  sqlite::execute(impl_->db(), "DELETE FROM part WHERE object = ?", object);
}

std::vector<Part> State::parts(JobId job) const {
  std::vector<Part> parts;
  sqlite::Query query(impl_->db(), OUTHAUL_PART_QUERY "WHERE p.job = ? ORDER BY p.path, p.object", job);
  while (query.next()) parts.push_back(read_part(impl_->db(), query.row()));
  return parts;
}

std::optional<Part> State::part_for(JobId job, const RelPath& path) const {
  sqlite::Query query(impl_->db(),
                      OUTHAUL_PART_QUERY "WHERE p.job = ? AND p.path = ? ORDER BY p.object DESC LIMIT 1", job,
                      blob_of(path));
  if (!query.next()) return std::nullopt;
  return read_part(impl_->db(), query.row());
}

}  // namespace outhaul
