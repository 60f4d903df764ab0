// The inventory, and what a verification writes down.
#include "state/inventory.h"

#include <utility>

#include "outhaul/error.h"
#include "state/impl.h"
#include "state/refusal.h"
#include "state/state.h"

namespace outhaul {
namespace {

using sqlite::Blob;

#define OUTHAUL_ON_THE_REMOTE "status IN ('live', 'kept', 'retired')"
/// The same with what append-only uploads left under names of their own.
#define OUTHAUL_PERHAPS_ON_THE_REMOTE                                                               \
  "(" OUTHAUL_ON_THE_REMOTE                                                                         \
  " OR (status = 'uploading' AND NOT EXISTS (SELECT 1 FROM part WHERE part.object = object.id AND " \
  "part.part_name <> object.remote_name)))"

/// SQLite sorts what doesn't fit into its cache in files of its own, so memory stays bounded.
constexpr const char* kObjectsByDir =
    "SELECT parent_of(remote_name) AS dir, remote_name, id, size, sha256, status, job FROM object "
    "WHERE " OUTHAUL_PERHAPS_ON_THE_REMOTE " ORDER BY dir, remote_name";

ObjectStatus status_in(std::string_view status) {
  if (status == "kept") return ObjectStatus::kept;
  return status == "retired" ? ObjectStatus::retired : ObjectStatus::live;
}

/// The directories in a table of the connection's own, and the objects in their order beside it.
class StoredInventory final : public Inventory {
 public:
  StoredInventory(std::shared_ptr<sqlite::Database> db, const std::vector<JobScope>& jobs)
      : db_(std::move(db)) {
    db_->exec("DROP TABLE IF EXISTS temp.known_dir");
    db_->exec(
        "CREATE TEMP TABLE known_dir (dir BLOB PRIMARY KEY, parent BLOB, job INTEGER, path BLOB) "
        "WITHOUT ROWID");
    db_->exec("CREATE INDEX temp.known_dir_parent ON known_dir(parent, dir)");
    db_->exec("BEGIN");
    try {
      for (const JobScope& job : jobs) add_job(job);
      add_dirs_of_objects();
      db_->exec("COMMIT");
    } catch (...) {
      if (db_->in_transaction()) db_->exec("ROLLBACK");
      throw;
    }
    dirs_ = db_->prepare("SELECT dir, job, path FROM known_dir ORDER BY dir");
    below_ = db_->prepare("SELECT dir FROM known_dir WHERE parent = ? ORDER BY dir");
    objects_ = db_->prepare(kObjectsByDir);
    has_object_ = objects_.step();
  }

  bool next(KnownDir& known) override {
    if (!dirs_.step()) return false;
    known = {};
    known.dir = stored_remote_path(*db_, dirs_.bytes(0));
    if (!dirs_.is_null(1)) {
      known.job = dirs_.get<JobId>(1);
      known.path = RelPath::trusted(dirs_.string(2));
    }
    while (has_object_ && objects_.bytes(0) == known.dir.wire()) {
      KnownObject object = read_object();
      if (objects_.bytes(5) == "uploading")
        known.unfinished.push_back(std::move(object.name));
      else
        known.objects.push_back(std::move(object));
      has_object_ = objects_.step();
    }
    below_.bind(1, blob_of(known.dir));
    while (below_.step()) known.dirs.emplace_back(stored_remote_path(*db_, below_.bytes(0)).name());
    below_.reset();
    return true;
  }

 private:
  KnownObject read_object() const {
    const RemotePath name = stored_remote_path(*db_, objects_.bytes(1));
    KnownObject object;
    object.name = name.name();
    object.id = objects_.get<ObjectId>(2);
    object.size = objects_.get<std::uint64_t>(3);
    object.sha256 = stored_digest(objects_, 4);
    object.status = status_in(objects_.bytes(5));
    object.job = objects_.get<JobId>(6);
    return object;
  }

  void add_job(const JobScope& job) {
    add_with_ancestors(job.target);
    if (job.append_only) return;
    sqlite::Statement rows = db_->prepare("SELECT path FROM entry WHERE job = ? AND kind = 2 ORDER BY path");
    rows.bind(1, job.id);
    while (rows.step()) {
      const RelPath path = RelPath::trusted(rows.string(0));
      const RemotePath dir = remote_path_for(job.target, path, job.names);
      sqlite::execute(*db_,
                      "INSERT INTO known_dir VALUES (?1, ?2, ?3, ?4) ON CONFLICT (dir) DO UPDATE SET "
                      "job = excluded.job, path = excluded.path",
                      blob_of(dir), blob_of(dir.parent()), job.id, blob_of(path));
    }
  }

  /// What the parent of an object is called is found out by the function that sorts them.
  void add_dirs_of_objects() {
    sqlite::Statement rows = db_->prepare(
        "SELECT DISTINCT parent_of(remote_name) FROM object WHERE " OUTHAUL_PERHAPS_ON_THE_REMOTE);
    while (rows.step()) add_with_ancestors(stored_remote_path(*db_, rows.bytes(0)));
  }

  /// Stops at the first that is there: then all above it are.
  void add_with_ancestors(RemotePath dir) {
    for (;; dir = dir.parent()) {
      const bool top = dir.empty();
      const RemotePath parent = top ? RemotePath{} : dir.parent();
      const auto above = top ? std::nullopt : std::optional(blob_of(parent));
      const auto added =
          sqlite::execute(*db_, "INSERT INTO known_dir (dir, parent) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                          blob_of(dir), above);
      if (top || added == 0) return;
    }
  }

  std::shared_ptr<sqlite::Database> db_;
  sqlite::Statement dirs_, below_, objects_;
  bool has_object_ = false;
};

}  // namespace

std::unique_ptr<Inventory> State::inventory(const std::vector<JobScope>& jobs) const {
  impl_->require_none("an inventory");
  return std::make_unique<StoredInventory>(impl_->connection_for_stream(), jobs);
}

std::vector<ReadCandidate> State::read_candidates(const std::vector<JobId>& jobs) const {
  std::vector<ReadCandidate> candidates;
  for (const JobId job : jobs) {
    sqlite::Query query(
        impl_->db(),
        "SELECT o.id, o.size, coalesce(o.read_back_ns, r.started_ns), o.read_back_ns IS NOT NULL, "
        "o.status = 'live' "
        "FROM object AS o JOIN run AS r ON r.id = o.created_run "
        "WHERE o.job = ? AND o." OUTHAUL_ON_THE_REMOTE,
        job);
    while (query.next())
      candidates.push_back({query.row().get<ObjectId>(0), query.row().get<std::uint64_t>(1),
                            query.row().integer(2), query.row().integer(3) != 0, query.row().integer(4) != 0,
                            job});
  }
  return candidates;
}

void State::set_read_back(ObjectId object, std::int64_t when_ns) {
  impl_->require_transaction("set_read_back()");
  sqlite::execute(impl_->db(), "UPDATE object SET read_back_ns = ? WHERE id = ?", when_ns, object);
}

void State::lose_objects(RunId run, const std::vector<ObjectId>& objects) {
  impl_->require_transaction("lose_objects()");
  sqlite::Database& db = impl_->db();
  db.exec("CREATE TEMP TABLE IF NOT EXISTS lost (id INTEGER PRIMARY KEY)");
  db.exec("DELETE FROM temp.lost");
  for (const ObjectId object : objects)
    sqlite::execute(db, "INSERT INTO temp.lost VALUES (?) ON CONFLICT DO NOTHING", object);
  std::vector<std::pair<JobId, RelPath>> entries;
  {
    sqlite::Query query(db, "SELECT job, path FROM entry WHERE object IN (SELECT id FROM temp.lost)");
    while (query.next())
      entries.emplace_back(query.row().get<JobId>(0), RelPath::trusted(query.row().string(1)));
  }
  for (const auto& [job, path] : entries) {
    std::optional<Entry> lost = entry(job, path);
    if (!lost) continue;
    lost->object = kNoObject;
    impl_->put_entry(job, run, *lost, kNoObject);
  }
  sqlite::execute(db,
                  "UPDATE object SET status = 'gone', retired_run = coalesce(retired_run, ?) "
                  "WHERE id IN (SELECT id FROM temp.lost) AND " OUTHAUL_ON_THE_REMOTE,
                  run);
  db.exec("DELETE FROM temp.lost");
}

}  // namespace outhaul
