#include <array>

#include "fixture.h"
#include "state/schema.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr Migration kFirst =
    "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
    "CREATE TABLE child(parent INTEGER REFERENCES parent(id));"
    "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);";
constexpr Migration kRebuild =
    "CREATE TABLE parent2(id INTEGER PRIMARY KEY, more TEXT); INSERT INTO parent2(id) SELECT id FROM parent;"
    "DROP TABLE parent; ALTER TABLE parent2 RENAME TO parent;";
constexpr Migration kLast = "UPDATE parent SET more = 'filled';";

std::int64_t version(const sqlite::Database& db) {
  return db.integer("PRAGMA user_version");
}

}  // namespace

TEST_CASE("an old state goes through every step that it misses and no other") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, std::array{kFirst});
  CHECK(version(db) == 1);
  migrate(db, std::array{kFirst, kRebuild, kLast});
  CHECK(version(db) == 3);
  CHECK(db.string("SELECT more FROM parent") == "filled");
  migrate(db, std::array{kFirst, kRebuild, kLast});
  CHECK(db.integer("SELECT count(*) FROM parent") == 1);
  CHECK(db.integer("PRAGMA foreign_keys") == 1);
}

TEST_CASE("a step that fails leaves the state as it was before the first") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, std::array{kFirst});
  const auto error = error_of([&] {
    migrate(db, std::array{kFirst, kRebuild, "UPDATE no_such_table SET x = 1"});
  });
  REQUIRE(error);
  CHECK(version(db) == 1);
  CHECK(db.integer("SELECT count(*) FROM pragma_table_info('parent')") == 1);
  CHECK_FALSE(db.in_transaction());
}

TEST_CASE("a step that would break a reference is refused") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, std::array{kFirst});
  const auto error = error_of([&] { migrate(db, std::array{kFirst, "DELETE FROM parent"}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
  CHECK(db.integer("SELECT count(*) FROM parent") == 1);
  CHECK(version(db) == 1);
}

TEST_CASE("the schema of a new state is whole and of this version") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, migrations());
  CHECK(version(db) == static_cast<std::int64_t>(migrations().size()));
  verify_schema(db);
  CHECK(db.string("PRAGMA integrity_check") == "ok");
}

TEST_CASE(
    "a state from before there were versions knows whose its objects are and which runs can be restored") {
  sqlite::Database db = sqlite::Database::in_memory();
  migrate(db, migrations().first(3));
  db.exec(
      "INSERT INTO identity VALUES (1, 'web01');"
      "INSERT INTO run (id, started_ns, finished_ns, outcome) VALUES"
      "  (1, 1, 2, 5), (2, 3, 4, 0), (3, 5, 6, 3), (4, 7, 8, 1), (5, 9, NULL, NULL);"
      "INSERT INTO job VALUES (3, 'www', x'777777'), (4, 'never', x'78');"
      "INSERT INTO object (id, remote_name, size, status, created_run, retired_run) VALUES"
      "  (10, x'61', 5, 'live', 2, NULL), (11, x'62', 5, 'gone', 2, 3), (12, x'63', 5, 'uploading', 4, NULL);"
      "INSERT INTO entry (job, path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, object, "
      "from_run)"
      "  VALUES (3, x'61', 1, 5, 0, 0, 1, 1, 420, 0, 0, 10, 2);"
      "INSERT INTO past_entry (job, path, kind, size, mtime_ns, ctime_ns, inode, dev, mode, uid, gid, object,"
      "  from_run, to_run) VALUES (3, x'62', 1, 5, 0, 0, 2, 1, 420, 0, 0, 11, 2, 3);"
      "INSERT INTO part (object, job, path, part_name, stage, inode, size, mtime_ns, ctime_ns, run)"
      "  VALUES (12, 3, x'63', x'70', 'sending', 3, 5, 0, 0, 4);");
  migrate(db, migrations());
  verify_schema(db);
  CHECK(db.integer("SELECT count(*) FROM object WHERE job = 3") == 3);
  CHECK(db.string("SELECT group_concat(job || ':' || run) FROM snapshot") == "3:2,3:3");
  CHECK(db.integer("SELECT links + sparse FROM entry") == 1);
  CHECK(db.integer("SELECT length(state_id) FROM identity") == 32);
}
