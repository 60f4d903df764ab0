#include "state/open.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/create.h"
#include "state/directory.h"
#include "state/header.h"
#include "state/refusal.h"
#include "state/schema.h"

namespace outhaul {
namespace {

using sqlite::Access;

enum class Presence { absent, file };

Presence look_for(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) throw damaged(file.string(), "it is not a regular file");
    return Presence::file;
  }
  if (errno == ENOENT) return Presence::absent;
  throw errno_error(
      errno, printable(file.string()) + ": the state can't be opened", ErrorKind::local_io,
      "Run outhaul as the user who owns the state directory, or choose another one with --state-dir.");
}

bool has_wal(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat((file.string() + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

/// Readers share memory with the writer through a file beside the database. Where none can be made, and no
/// WAL shows that somebody writes (or crashed), the file is taken as it is.
Access access_for(const std::filesystem::path& file, State::Open mode) {
  if (mode != State::Open::read_only) return Access::read_write;
  const bool frozen = !has_wal(file) && !can_write_directory(file.parent_path());
  return frozen ? Access::immutable : Access::read_only;
}

void judge_owner(sqlite::Database& db, std::string_view profile) {
  sqlite::Statement row = db.prepare("SELECT profile FROM identity WHERE one = 1");
  if (!row.step()) throw damaged(db.file(), "it doesn't say which profile it belongs to");
  if (row.bytes(0) != profile) throw foreign_profile(db.file(), row.bytes(0), profile);
}

/// Version, program, profile, then health; the worst named first. Changes nothing but to bring an older state
/// up to date.
void judge(sqlite::Database& db, std::string_view profile, bool may_migrate) {
  if (db.integer("PRAGMA application_id") != kApplicationId) throw foreign_program(db.file());
  const auto known = static_cast<std::int64_t>(migrations().size());
  const std::int64_t version = db.integer("PRAGMA user_version");
  if (version > known) throw newer(db.file(), version, known);
  if (version < 1) throw damaged(db.file(), "it has no tables of outhaul's");
  judge_owner(db, profile);
  if (version < known) {
    if (!may_migrate) throw older_but_read_only(db.file(), version, known);
    migrate(db, migrations());
  }
  verify_schema(db);
}

/// Until the state is accepted, nothing can go wrong with a statement of ours but that the tables aren't
/// ours.
void judge_or_name_damage(sqlite::Database& db, std::string_view profile, bool may_migrate) {
  try {
    judge(db, profile, may_migrate);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::internal) throw damaged(db.file(), e.what());
    throw;
  }
}

void prepare_for_writing(sqlite::Database& db) {
  db.exec("PRAGMA foreign_keys = ON");
  db.exec("PRAGMA synchronous = FULL");
  db.exec("PRAGMA cache_size = -8192");
  db.exec("PRAGMA wal_autocheckpoint = 2000");
  if (const std::string mode = db.string("PRAGMA journal_mode = WAL"); mode != "wal")
    throw Error(
        ErrorKind::local_io,
        fmt::format(
            "{}: the file system of the state directory can't hold a write-ahead log (SQLite stays in "
            "\"{}\" mode)",
            printable(db.file()), printable(mode)),
        "Keep the state on a local disk: choose another place with --state-dir.");
}

}  // namespace

OpenedState open_state(const std::filesystem::path& dir, std::string_view profile, State::Open mode) {
  const std::filesystem::path file = std::filesystem::absolute(dir) / "state.db";
  if (look_for(file) == Presence::absent) {
    if (has_wal(file))
      throw damaged(file.string(), "it is missing, but its write-ahead log state.db-wal is there");
    if (mode != State::Open::create_if_missing) throw missing(file.string());
    create_state(file, profile);
  }
  const Access access = access_for(file, mode);
  auto db = std::make_shared<sqlite::Database>(file, access);
  db->keep_files_on_close(true);
  judge_header(*db);
  judge_or_name_damage(*db, profile, access == Access::read_write);
  if (access == Access::read_write) prepare_for_writing(*db);
  db->keep_files_on_close(false);
  return {.file = file,
          .writable = access == Access::read_write,
          .reader_access = access == Access::immutable ? access : Access::read_only,
          .db = std::move(db)};
}

std::shared_ptr<sqlite::Database> open_reader(const std::filesystem::path& file, Access access) {
  auto db = std::make_shared<sqlite::Database>(file, access);
  db->exec("PRAGMA cache_size = -1024");
  return db;
}

}  // namespace outhaul
