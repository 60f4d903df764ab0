// A state made of a catalog.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/catalog.h"
#include "state/create.h"
#include "state/impl.h"
#include "state/replay.h"
#include "state/schema.h"

namespace outhaul {
namespace {

/// What the lost state's machine had in flight is gone with it.
void start_a_new_life(sqlite::Database& db, const CatalogLog& log) {
  db.exec("DELETE FROM object WHERE status = 'uploading'");
  db.exec("UPDATE identity SET state_id = lower(hex(randomblob(16)))");
  // Ids of objects that never were live are unknown here; none may come back with another meaning.
  db.exec("UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'object'");
  db.exec("DELETE FROM catalog_file; DELETE FROM catalog_change");
  sqlite::execute(db, "UPDATE catalog SET generation = ?, recording = 0, announced = 1", log.generation);
  for (const CatalogFile& file : log.files)
    sqlite::execute(
        db,
        "INSERT INTO catalog_file (generation, number, run, name, size, raw_size, sha256, stored, digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        file.generation, file.number, file.run, blob_of(file.name), file.size, file.raw_size,
        blob_of(file.sha256), sqlite::Text{text_of(file.digest)});
}

/// `newest` and later ones are the lost state's: none of its numbers may come back with another meaning.
void remember_gap(sqlite::Database& db, RunId known, const NewestKnown& newest) {
  sqlite::execute(db, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'run'", newest.run);
  if (known >= newest.run && !newest.perhaps_a_newer) return;
  // One that the base tells of begins earlier, and is not closed yet.
  sqlite::execute(db,
                  "INSERT INTO gap (one, known_run, newest_run, newest_ns) VALUES (1, ?, ?, ?) "
                  "ON CONFLICT (one) DO UPDATE SET newest_run = excluded.newest_run, "
                  "newest_ns = excluded.newest_ns",
                  known, newest.run, newest.ns);
}

RebuiltState fill(const std::string& draft, std::string_view profile, const CatalogChain& chain,
                  const CatalogLog& log, const NewestKnown& newest) {
  sqlite::Database db(draft, sqlite::Access::read_write);
  db.exec("PRAGMA journal_mode = MEMORY");
  judge_base(db, profile);
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec("BEGIN");
  RebuiltState rebuilt;
  rebuilt.applied = replay(db, chain);
  rebuilt.run = rebuilt.applied == 0 ? chain.base_run : chain.links[rebuilt.applied - 1].run;
  restore_derived(db);
  db.exec("COMMIT");
  if (db.prepare("PRAGMA foreign_key_check").step()) throw bad_base("its tables don't agree with each other");
  migrate(db, migrations());
  db.exec("PRAGMA foreign_keys = ON");
  db.exec("BEGIN");
  start_a_new_life(db, log);
  remember_gap(db, rebuilt.run, newest);
  db.exec("COMMIT");
  try {
    verify_schema(db);
  } catch (const Error& error) {
    throw bad_base(error.what());
  }
  db.exec("PRAGMA journal_mode = WAL");
  return rebuilt;
}

}  // namespace

RebuiltState rebuild_state(const std::filesystem::path& dir, std::string_view profile,
                           const CatalogChain& chain, const CatalogLog& log, const NewestKnown& newest) {
  const std::filesystem::path file = std::filesystem::absolute(dir) / "state.db";
  RebuiltState rebuilt;
  const bool made = create_state(file, [&](const std::string& draft) {
    std::error_code fault;
    std::filesystem::copy_file(chain.base, draft, std::filesystem::copy_options::overwrite_existing, fault);
    if (fault)
      throw errno_error(fault.value(), printable(draft) + ": the state can't be made", ErrorKind::local_io,
                        "Free space, or choose another place with --state-dir.");
    try {
      rebuilt = fill(draft, profile, chain, log, newest);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw bad_base(error.what());
      throw;
    }
  });
  if (!made)
    throw Error(ErrorKind::state, fmt::format("{}: there is a state already", printable(file.string())),
                "Recovering is for a lost state. If this one is damaged, move its directory away first.");
  return rebuilt;
}

}  // namespace outhaul
