#!/bin/bash
# SQLite 3.40.1 (Debian 12), session extension: a row from before ALTER TABLE ADD COLUMN is recorded with NULL where the
# column has its default, and the changeset doesn't apply to a copy of the database that it was made from.
#
# What was guessed: ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7 leaves the rows as they are, and whoever reads
# one gets 7. A session that is made afterwards records a DELETE with what a SELECT shows: 7.
#
# What was seen: sqlite3changeset_old() gives NULL, in a column that can't hold one. sqlite3changeset_apply() to a
# copy of the file reports a conflict of kind SQLITE_CHANGESET_DATA (1): the row there has 7. Once a row is written anew
# (UPDATE t SET c = c) the changeset has 7 and applies.
#
# Needs a C compiler and apt; everything goes to a temporary directory. Fails when the behaviour is another one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version=3.40.1-2+deb12u2
apt-get -q -o APT::Sandbox::User=root download "libsqlite3-0=$version" "libsqlite3-dev=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
library=$(dirname "$(find root -name libsqlite3.so.0)")

cat >scene.c <<'C'
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int result) {
  if (result != SQLITE_OK) { fprintf(stderr, "SQLite: %s\n", sqlite3_errstr(result)); exit(2); }
}
static int conflict_kind;
static int conflict(void *unused, int kind, sqlite3_changeset_iter *at) {
  (void)unused; (void)at;
  conflict_kind = kind;
  return SQLITE_CHANGESET_ABORT;
}

static void scene(const char *name, const char *between) {
  sqlite3 *db, *copy;
  must(sqlite3_open(":memory:", &db));
  must(sqlite3_open(":memory:", &copy));
  const char *before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');"
                       "ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7;";
  must(sqlite3_exec(db, before, NULL, NULL, NULL));
  must(sqlite3_exec(db, between, NULL, NULL, NULL));
  sqlite3_backup *backup = sqlite3_backup_init(copy, "main", db, "main");
  sqlite3_backup_step(backup, -1);
  must(sqlite3_backup_finish(backup));

  sqlite3_stmt *row;
  must(sqlite3_prepare_v2(db, "SELECT c FROM t", -1, &row, NULL));
  sqlite3_step(row);
  const int shown = sqlite3_column_int(row, 0);
  must(sqlite3_finalize(row));

  sqlite3_session *session;
  int size;
  void *changes;
  must(sqlite3session_create(db, "main", &session));
  must(sqlite3session_attach(session, "t"));
  must(sqlite3_exec(db, "DELETE FROM t", NULL, NULL, NULL));
  must(sqlite3session_changeset(session, &size, &changes));

  sqlite3_changeset_iter *at;
  sqlite3_value *old = NULL;
  must(sqlite3changeset_start(&at, size, changes));
  sqlite3changeset_next(at);
  must(sqlite3changeset_old(at, 2, &old));
  printf("%s: SELECT shows %d, the changeset's old value is ", name, shown);
  if (old == NULL || sqlite3_value_type(old) == SQLITE_NULL) printf("NULL");
  else printf("%d", sqlite3_value_int(old));
  sqlite3changeset_finalize(at);

  conflict_kind = 0;
  const int applied = sqlite3changeset_apply(copy, size, changes, NULL, conflict, NULL);
  printf(", applied to a copy: %s, kind of conflict %d\n", sqlite3_errstr(applied), conflict_kind);
  sqlite3_free(changes);
  sqlite3session_delete(session);
  sqlite3_close(db);
  sqlite3_close(copy);
}

int main(void) {
  printf("SQLite %s\n", sqlite3_libversion());
  scene("row from before ADD COLUMN", "");
  scene("row written anew", "UPDATE t SET c = c;");
  return 0;
}
C
cc -DSQLITE_ENABLE_SESSION -DSQLITE_ENABLE_PREUPDATE_HOOK -Iroot/usr/include scene.c -o scene "$library/libsqlite3.so.0" -lm
LD_LIBRARY_PATH=$library ./scene | tee seen
grep -q '^SQLite 3\.40\.1$' seen
grep -q '^row from before ADD COLUMN: SELECT shows 7, the changeset.s old value is NULL, .* kind of conflict 1$' seen
grep -q '^row written anew: SELECT shows 7, the changeset.s old value is 7, .* no.* error, kind of conflict 0$' seen
