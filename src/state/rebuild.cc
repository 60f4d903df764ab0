// A state made of a catalog.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/catalog.h"
#include "state/changes.h"
#include "state/create.h"
#include "state/header.h"
#include "state/impl.h"
#include "state/refusal.h"
#include "state/schema.h"

namespace outhaul {
namespace {

Error bad_base(std::string_view why) {
  return Error(ErrorKind::state, fmt::format("the catalog's base can't be used: {}", why),
               "An older generation of the catalog may be whole; recover tries that by itself.");
}

/// The copy is what is judged: nobody else can write to it.
void judge_base(sqlite::Database& db, std::string_view profile) {
  if (db.integer("PRAGMA application_id") != kApplicationId)
    throw bad_base("it isn't a database of outhaul's");
  const auto known = static_cast<std::int64_t>(migrations().size());
  const std::int64_t version = db.integer("PRAGMA user_version");
  if (version > known) throw newer(db.file(), version, known);
  if (version < 1) throw bad_base("it has no tables of outhaul's");
  // It comes from a server: nothing in it may be code.
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE (type <> 'table' AND sql IS NOT NULL) OR rootpage = 0")
          .step())
    throw bad_base("it holds more than tables");
  if (db.string("PRAGMA integrity_check(1)") != "ok") throw bad_base("it is damaged");
  const std::string owner = db.string("SELECT profile FROM identity WHERE one = 1");
  if (owner != profile)
    throw Error(
        ErrorKind::state,
        fmt::format("the catalog is of profile \"{}\", not of \"{}\"", printable(owner), printable(profile)),
        "Give the profile the name that it had, or the URL of its own remote.");
}

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
        "INSERT INTO catalog_file (generation, number, run, name, size, raw_size, sha256, stored) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        file.generation, file.number, file.run, blob_of(file.name), file.size, file.raw_size,
        blob_of(file.sha256));
}

std::size_t apply_in_order(sqlite::Database& db, std::span<const std::string> changesets) {
  std::size_t applied = 0;
  for (const std::string& changeset : changesets) {
    db.exec("SAVEPOINT changeset");
    const bool follows = sqlite::apply(db, changeset);
    if (!follows) db.exec("ROLLBACK TO changeset");
    db.exec("RELEASE changeset");
    if (!follows) break;
    ++applied;
  }
  return applied;
}

std::size_t fill(const std::string& draft, std::string_view profile, std::span<const std::string> changesets,
                 const CatalogLog& log) {
  sqlite::Database db(draft, sqlite::Access::read_write);
  db.exec("PRAGMA journal_mode = MEMORY");
  judge_header(db);
  judge_base(db, profile);
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec("BEGIN");
  const std::size_t applied = apply_in_order(db, changesets);
  restore_derived(db);
  db.exec("COMMIT");
  if (db.prepare("PRAGMA foreign_key_check").step()) throw bad_base("its tables don't agree with each other");
  migrate(db, migrations());
  db.exec("PRAGMA foreign_keys = ON");
  db.exec("BEGIN");
  start_a_new_life(db, log);
  db.exec("COMMIT");
  try {
    verify_schema(db);
  } catch (const Error& error) {
    throw bad_base(error.what());
  }
  db.exec("PRAGMA journal_mode = WAL");
  return applied;
}

}  // namespace

std::size_t rebuild_state(const std::filesystem::path& dir, std::string_view profile,
                          const std::filesystem::path& base, std::span<const std::string> changesets,
                          const CatalogLog& log) {
  const std::filesystem::path file = std::filesystem::absolute(dir) / "state.db";
  std::size_t applied = 0;
  const bool made = create_state(file, [&](const std::string& draft) {
    std::error_code fault;
    std::filesystem::copy_file(base, draft, std::filesystem::copy_options::overwrite_existing, fault);
    if (fault)
      throw errno_error(fault.value(), printable(draft) + ": the state can't be made", ErrorKind::local_io,
                        "Free space, or choose another place with --state-dir.");
    try {
      applied = fill(draft, profile, changesets, log);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw bad_base(error.what());
      throw;
    }
  });
  if (!made)
    throw Error(ErrorKind::state, fmt::format("{}: there is a state already", printable(file.string())),
                "Recovering is for a lost state. If this one is damaged, move its directory away first.");
  return applied;
}

}  // namespace outhaul
