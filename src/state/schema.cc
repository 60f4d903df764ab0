#include "state/schema.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "state/catalog.h"
#include "state/refusal.h"

namespace outhaul {
namespace {

// Paths, remote names and link targets are raw bytes: BLOBs, whose order is memcmp, the order of the scan.
// 64-bit unsigned numbers (inode, dev) keep their bits in SQLite's signed INTEGER.
//
// No foreign key leads from entry.object to object: SQLite would read every entry whenever a dropped part
// takes its object with it, or need an index as large as the table. Two triggers hold the same promise, and a
// stronger one: an entry can only name an object that is live, and only an object that never was live can be
// deleted.
//
// Columns that nothing fills yet have their place in the model: object_offset, encoding, encoder_state.
constexpr Migration kVersion1 = R"sql(
CREATE TABLE identity (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  profile     TEXT NOT NULL
) STRICT;

CREATE TABLE run (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  started_ns      INTEGER NOT NULL,
  finished_ns     INTEGER,
  outcome         INTEGER CHECK (outcome IN (0, 1, 2, 3, 4, 5, 6, 11, 130, 143)),
  files_uploaded  INTEGER NOT NULL DEFAULT 0,
  bytes_uploaded  INTEGER NOT NULL DEFAULT 0,
  bytes_sent      INTEGER NOT NULL DEFAULT 0,
  dirs_made       INTEGER NOT NULL DEFAULT 0,
  moved           INTEGER NOT NULL DEFAULT 0,
  removed         INTEGER NOT NULL DEFAULT 0,
  dirs_removed    INTEGER NOT NULL DEFAULT 0,
  recorded        INTEGER NOT NULL DEFAULT 0,
  compared        INTEGER NOT NULL DEFAULT 0,
  kept            INTEGER NOT NULL DEFAULT 0,
  withheld        INTEGER NOT NULL DEFAULT 0,
  retries         INTEGER NOT NULL DEFAULT 0,
  resumed_bytes   INTEGER NOT NULL DEFAULT 0,
  problems        INTEGER NOT NULL DEFAULT 0,
  message         TEXT NOT NULL DEFAULT '',
  CHECK ((finished_ns IS NULL) = (outcome IS NULL))
) STRICT;

CREATE TABLE job (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  target  BLOB NOT NULL
) STRICT;

-- AUTOINCREMENT: the id of a dropped object never comes back with another meaning.
CREATE TABLE object (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  remote_name  BLOB NOT NULL,
  size         INTEGER NOT NULL CHECK (size >= 0),
  sha256       BLOB CHECK (length(sha256) = 32),
  encoding     TEXT,
  status       TEXT NOT NULL CHECK (status IN ('uploading', 'live', 'kept', 'retired', 'gone')),
  created_run  INTEGER NOT NULL REFERENCES run(id),
  retired_run  INTEGER REFERENCES run(id)
) STRICT;
-- Covers the totals, however many objects are gone by now; by id, so that it grows at its end.
CREATE INDEX object_live ON object(id, size, status) WHERE status = 'live';
-- Finds what a new object overwrites; as small as what on_removal keeps.
CREATE INDEX object_kept ON object(remote_name) WHERE status = 'kept';

CREATE TABLE entry (
  job            INTEGER NOT NULL REFERENCES job(id),
  path           BLOB NOT NULL,
  kind           INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
  size           INTEGER NOT NULL,
  mtime_ns       INTEGER NOT NULL,
  ctime_ns       INTEGER NOT NULL,
  inode          INTEGER NOT NULL,
  dev            INTEGER NOT NULL,
  mode           INTEGER NOT NULL,
  uid            INTEGER NOT NULL,
  gid            INTEGER NOT NULL,
  link_target    BLOB,
  object         INTEGER,
  from_run       INTEGER NOT NULL REFERENCES run(id),
  user_name      TEXT,
  group_name     TEXT,
  xattrs         BLOB,
  object_offset  INTEGER,
  PRIMARY KEY (job, path)
) STRICT, WITHOUT ROWID;

-- The entry was in the tree after every run r with from_run <= r < to_run.
CREATE TABLE past_entry (
  job            INTEGER NOT NULL REFERENCES job(id),
  path           BLOB NOT NULL,
  kind           INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
  size           INTEGER NOT NULL,
  mtime_ns       INTEGER NOT NULL,
  ctime_ns       INTEGER NOT NULL,
  inode          INTEGER NOT NULL,
  dev            INTEGER NOT NULL,
  mode           INTEGER NOT NULL,
  uid            INTEGER NOT NULL,
  gid            INTEGER NOT NULL,
  link_target    BLOB,
  object         INTEGER,
  from_run       INTEGER NOT NULL REFERENCES run(id),
  user_name      TEXT,
  group_name     TEXT,
  xattrs         BLOB,
  object_offset  INTEGER,
  to_run         INTEGER NOT NULL REFERENCES run(id),
  PRIMARY KEY (job, path, from_run),
  CHECK (from_run < to_run)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entry_object_insert AFTER INSERT ON entry
WHEN NEW.object IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'an entry can only name a live object')
  WHERE NOT EXISTS (SELECT 1 FROM object WHERE id = NEW.object AND status = 'live');
END;
CREATE TRIGGER entry_object_update AFTER UPDATE OF object ON entry
WHEN NEW.object IS NOT NULL AND NEW.object IS NOT OLD.object
BEGIN
  SELECT RAISE(ABORT, 'an entry can only name a live object')
  WHERE NOT EXISTS (SELECT 1 FROM object WHERE id = NEW.object AND status = 'live');
END;
CREATE TRIGGER object_delete BEFORE DELETE ON object
WHEN OLD.status <> 'uploading'
BEGIN
  SELECT RAISE(ABORT, 'only an object that never was live can be deleted');
END;

CREATE TABLE part (
  object         INTEGER PRIMARY KEY REFERENCES object(id),
  job            INTEGER NOT NULL REFERENCES job(id),
  path           BLOB NOT NULL,
  part_name      BLOB NOT NULL,
  aside_name     BLOB,
  stage          TEXT NOT NULL CHECK (stage IN ('sending', 'publishing', 'aside')),
  inode          INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  mtime_ns       INTEGER NOT NULL,
  ctime_ns       INTEGER NOT NULL,
  sha256         BLOB CHECK (length(sha256) = 32),
  run            INTEGER NOT NULL REFERENCES run(id),
  encoder_state  BLOB,
  CHECK ((stage = 'aside') = (aside_name IS NOT NULL))
) STRICT;
CREATE INDEX part_by_path ON part(job, path);

CREATE TABLE doubt (
  job     INTEGER NOT NULL REFERENCES job(id),
  path    BLOB NOT NULL,
  reason  TEXT NOT NULL,
  run     INTEGER NOT NULL REFERENCES run(id),
  PRIMARY KEY (job, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE server_fact (
  server  TEXT NOT NULL,
  fact    TEXT NOT NULL,
  value   TEXT NOT NULL,
  PRIMARY KEY (server, fact)
) STRICT, WITHOUT ROWID;
)sql";

/// How much of a part can be trusted at most. NULL while it is being sent, and so after a kill.
constexpr Migration kVersion2 = "ALTER TABLE part ADD COLUMN sent INTEGER CHECK (sent >= 0)";

/// Directories, moves and removals that were begun: `name` is on the remote, `from_path` where a move comes
/// from.
constexpr Migration kVersion3 = R"sql(
CREATE TABLE intent (
  job        INTEGER NOT NULL REFERENCES job(id),
  path       BLOB NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('make_dir', 'move', 'remove', 'remove_dir')),
  name       BLOB NOT NULL,
  from_path  BLOB,
  run        INTEGER NOT NULL REFERENCES run(id),
  PRIMARY KEY (job, path, kind),
  CHECK ((kind = 'move') = (from_path IS NOT NULL))
) STRICT, WITHOUT ROWID;
)sql";

/// What a restore needs beside the content; which runs can be restored; which object is a version of which
/// job, and when its content was last read back; who this state is.
constexpr Migration kVersion4 = R"sql(
ALTER TABLE identity ADD COLUMN state_id TEXT;
UPDATE identity SET state_id = lower(hex(randomblob(16)));

ALTER TABLE entry ADD COLUMN links INTEGER NOT NULL DEFAULT 1 CHECK (links >= 1);
ALTER TABLE entry ADD COLUMN sparse INTEGER NOT NULL DEFAULT 0 CHECK (sparse IN (0, 1));
ALTER TABLE past_entry ADD COLUMN links INTEGER NOT NULL DEFAULT 1 CHECK (links >= 1);
ALTER TABLE past_entry ADD COLUMN sparse INTEGER NOT NULL DEFAULT 0 CHECK (sparse IN (0, 1));

ALTER TABLE object ADD COLUMN job INTEGER REFERENCES job(id);
ALTER TABLE object ADD COLUMN read_back_ns INTEGER;
UPDATE object SET job = entry.job FROM entry WHERE entry.object = object.id;
UPDATE object SET job = past_entry.job FROM past_entry WHERE past_entry.object = object.id AND object.job IS NULL;
UPDATE object SET job = part.job FROM part WHERE part.object = object.id AND object.job IS NULL;
CREATE INDEX object_retired ON object(job, retired_run) WHERE status = 'retired';

-- A run after which the job's tree can be restored. `forgotten_run`: the run in which retention let it go.
CREATE TABLE snapshot (
  job            INTEGER NOT NULL REFERENCES job(id),
  run            INTEGER NOT NULL REFERENCES run(id),
  forgotten_run  INTEGER REFERENCES run(id),
  PRIMARY KEY (job, run)
) STRICT, WITHOUT ROWID;
INSERT INTO snapshot (job, run)
  SELECT job.id, run.id FROM job JOIN run ON run.outcome IN (0, 3)
  WHERE run.id >= coalesce((SELECT min(from_run) FROM (
    SELECT min(from_run) AS from_run FROM entry WHERE entry.job = job.id UNION ALL
    SELECT min(from_run) FROM past_entry WHERE past_entry.job = job.id)), run.id + 1);
)sql";

/// What the remote holds of this state: the catalog's files, and the changes that none of them has yet. They
/// are recorded while there is a base (generation, number 0) that they follow on, made of this very schema.
constexpr Migration kVersion5 = R"sql(
CREATE TABLE catalog (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  generation  INTEGER NOT NULL,
  schema      INTEGER NOT NULL,
  recording   INTEGER NOT NULL CHECK (recording IN (0, 1)),
  announced   INTEGER NOT NULL CHECK (announced IN (0, 1))
) STRICT;
INSERT INTO catalog VALUES (1, 0, 0, 0, 1);

CREATE TABLE catalog_file (
  generation  INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  run         INTEGER NOT NULL,
  name        BLOB NOT NULL,
  size        INTEGER NOT NULL,
  raw_size    INTEGER NOT NULL,
  sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
  stored      INTEGER NOT NULL CHECK (stored IN (0, 1)),
  PRIMARY KEY (generation, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog_change (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  changeset  BLOB NOT NULL
) STRICT;
)sql";

/// Versions: an object that is about to be replaced can be on its way to its place among them ("retiring";
/// `replaced` is its id), objects are retired and expire, and runs count that. `intent` has one row per name,
/// because what expires has no path any more. intent.object and part.replaced are without a foreign key like
/// entry.object.
constexpr Migration kVersion6 = R"sql(
CREATE TABLE part6 (
  object         INTEGER PRIMARY KEY REFERENCES object(id),
  job            INTEGER NOT NULL REFERENCES job(id),
  path           BLOB NOT NULL,
  part_name      BLOB NOT NULL,
  aside_name     BLOB,
  stage          TEXT NOT NULL CHECK (stage IN ('sending', 'publishing', 'aside', 'retiring')),
  inode          INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  mtime_ns       INTEGER NOT NULL,
  ctime_ns       INTEGER NOT NULL,
  sha256         BLOB CHECK (length(sha256) = 32),
  run            INTEGER NOT NULL REFERENCES run(id),
  encoder_state  BLOB,
  sent           INTEGER CHECK (sent >= 0),
  replaced       INTEGER,
  CHECK ((stage IN ('aside', 'retiring')) = (aside_name IS NOT NULL)),
  CHECK ((stage = 'retiring') = (replaced IS NOT NULL))
) STRICT;
INSERT INTO part6 SELECT object, job, path, part_name, aside_name, stage, inode, size, mtime_ns, ctime_ns,
  sha256, run, encoder_state, sent, NULL FROM part;
DROP TABLE part;
ALTER TABLE part6 RENAME TO part;
CREATE INDEX part_by_path ON part(job, path);

CREATE TABLE intent6 (
  job        INTEGER NOT NULL REFERENCES job(id),
  path       BLOB NOT NULL,
  kind       TEXT NOT NULL
             CHECK (kind IN ('make_dir', 'move', 'remove', 'remove_dir', 'retire', 'expire')),
  name       BLOB NOT NULL,
  from_path  BLOB,
  object     INTEGER,
  run        INTEGER NOT NULL REFERENCES run(id),
  PRIMARY KEY (job, kind, name),
  CHECK ((kind = 'move') = (from_path IS NOT NULL)),
  CHECK ((kind IN ('retire', 'expire')) = (object IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO intent6 SELECT job, path, kind, name, from_path, NULL, run FROM intent;
DROP TABLE intent;
ALTER TABLE intent6 RENAME TO intent;

ALTER TABLE run ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN expired_bytes INTEGER NOT NULL DEFAULT 0;

-- Covers what retention asks for, by id, so that it grows at its end.
DROP INDEX IF EXISTS object_retired;
CREATE INDEX object_retired ON object(job, id, created_run, retired_run, size) WHERE status = 'retired';
)sql";

/// What the recorded tables are, as their base and the changes give it (state/state_digest.h). `replayed`:
/// the generation whose files on the remote were last proven by making a state of them. A gap: this state
/// came back from a catalog whose end could not be used, and nothing is known of the runs after `known_run`
/// up to `newest_run` at least; `newest_ns` is when that one was over by then.
constexpr Migration kVersion7 = R"sql(
ALTER TABLE catalog ADD COLUMN digest TEXT;
ALTER TABLE catalog ADD COLUMN replayed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE catalog_file ADD COLUMN digest TEXT;

CREATE TABLE gap (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  known_run   INTEGER NOT NULL,
  newest_run  INTEGER NOT NULL,
  newest_ns   INTEGER NOT NULL
) STRICT;
)sql";

/// What retention has to wait for: files that are not stored, with their sizes (a file whose size changes has
/// several), and nights whose time somebody has called right. `run`: the first one that met it; since this
/// version in `doubt`, too.
constexpr Migration kVersion8 = R"sql(
CREATE TABLE unstored (
  job     INTEGER NOT NULL REFERENCES job(id),
  path    BLOB NOT NULL,
  size    INTEGER NOT NULL CHECK (size >= -1),  -- -1: nobody knows
  reason  TEXT NOT NULL,
  run     INTEGER NOT NULL REFERENCES run(id),
  PRIMARY KEY (job, path, size)
) STRICT, WITHOUT ROWID;

ALTER TABLE snapshot ADD COLUMN time_approved INTEGER NOT NULL DEFAULT 0 CHECK (time_approved IN (0, 1));
)sql";

constexpr std::array kMigrations = {kVersion1, kVersion2, kVersion3, kVersion4,
                                    kVersion5, kVersion6, kVersion7, kVersion8};

// Both ends of every table: a file that was cut short or overwritten at its end shows here, at the cost of a
// few pages.
constexpr std::array kProbes = {
    "SELECT * FROM run ORDER BY id LIMIT 1",
    "SELECT * FROM run ORDER BY id DESC LIMIT 1",
    "SELECT * FROM job ORDER BY id DESC LIMIT 1",
    "SELECT * FROM object ORDER BY id LIMIT 1",
    "SELECT * FROM object ORDER BY id DESC LIMIT 1",
    "SELECT * FROM entry ORDER BY job, path LIMIT 1",
    "SELECT * FROM entry ORDER BY job DESC, path DESC LIMIT 1",
    "SELECT * FROM past_entry ORDER BY job, path, from_run LIMIT 1",
    "SELECT * FROM past_entry ORDER BY job DESC, path DESC, from_run DESC LIMIT 1",
    "SELECT * FROM part ORDER BY object DESC LIMIT 1",
    "SELECT * FROM intent LIMIT 1",
    "SELECT * FROM catalog_file ORDER BY generation DESC, number DESC LIMIT 1",
    "SELECT id FROM catalog_change ORDER BY id DESC LIMIT 1",
    "SELECT * FROM snapshot ORDER BY job DESC, run DESC LIMIT 1",
    "SELECT * FROM doubt LIMIT 1",
    "SELECT * FROM unstored LIMIT 1",
    "SELECT * FROM server_fact LIMIT 1",
    "SELECT * FROM gap",
};

/// Name → columns of every table, index and trigger. Not their SQL: its text may differ between SQLite
/// versions.
std::map<std::string, std::string> schema_of(sqlite::Database& db) {
  std::map<std::string, std::string> objects;
  sqlite::Statement rows = db.prepare(
      "SELECT s.name, (SELECT group_concat(name) FROM pragma_table_info(s.name)) FROM sqlite_schema AS s "
      "WHERE s.sql IS NOT NULL");
  while (rows.step()) objects.emplace(rows.string(0), rows.string(1));
  return objects;
}

const std::map<std::string, std::string>& expected_schema() {
  static const std::map<std::string, std::string> expected = [] {
    sqlite::Database model = sqlite::Database::in_memory();
    migrate(model, migrations());
    return schema_of(model);
  }();
  return expected;
}

}  // namespace

std::span<const Migration> migrations() noexcept {
  return kMigrations;
}

namespace {

/// A row from before a column was added stays short until it is written again, and the session extension
/// (SQLite 3.40) takes what is missing for NULL, not for the column's default: a change of such a row would
/// follow on no base. The last column of a recorded table is no part of its key, and no trigger's.
void write_rows_in_full(sqlite::Database& db) {
  for (const char* table : catalog_tables()) {
    sqlite::Statement last = db.prepare("SELECT name FROM pragma_table_info(?) ORDER BY cid DESC LIMIT 1");
    last.bind(1, sqlite::Text{table});
    if (!last.step()) continue;
    const std::string column = last.string(0);
    last.reset();
    db.exec(fmt::format("UPDATE {0} SET {1} = {1}", table, column).c_str());
  }
}

}  // namespace

void migrate(sqlite::Database& db, std::span<const Migration> steps) {
  const auto version = static_cast<std::size_t>(db.integer("PRAGMA user_version"));
  if (version >= steps.size()) return;
  // A step may rebuild a table that others refer to (sqlite.org/lang_altertable.html#otheralter).
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const Migration step : steps.subspan(version)) db.exec(step);
    if (version > 0) write_rows_in_full(db);
    if (db.prepare("PRAGMA foreign_key_check").step())
      throw Error(ErrorKind::internal,
                  fmt::format("{}: migrating the state to version {} would break references in it", db.file(),
                              steps.size()),
                  "The state was left as it was. This is a bug in outhaul; please report it.");
    db.exec(fmt::format("PRAGMA user_version = {}", steps.size()).c_str());
    db.exec("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.exec("ROLLBACK");
    throw;
  }
  db.exec("PRAGMA foreign_keys = ON");
}

void drop_derived(sqlite::Database& db) {
  std::vector<std::string> drops;
  sqlite::Statement rows = db.prepare(
      "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL");
  while (rows.step()) drops.push_back(fmt::format("DROP {} {}", rows.string(0), rows.string(1)));
  rows.reset();
  for (const std::string& drop : drops) db.exec(drop.c_str());
}

void restore_derived(sqlite::Database& db) {
  sqlite::Database model = sqlite::Database::in_memory();
  migrate(model, migrations().first(static_cast<std::size_t>(db.integer("PRAGMA user_version"))));
  sqlite::Statement rows =
      model.prepare("SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL");
  while (rows.step()) db.exec(rows.string(0).c_str());
}

void verify_schema(sqlite::Database& db) {
  const auto found = schema_of(db);
  for (const auto& [name, columns] : expected_schema()) {
    const auto it = found.find(name);
    if (it == found.end()) throw damaged(db.file(), fmt::format("its \"{}\" is missing", name));
    if (it->second != columns)
      throw damaged(db.file(), fmt::format("its \"{}\" is not as outhaul made it", name));
  }
  for (const char* probe : kProbes) {
    sqlite::Statement statement = db.prepare(probe);
    statement.step();
  }
}

}  // namespace outhaul
