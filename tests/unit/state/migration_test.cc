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
