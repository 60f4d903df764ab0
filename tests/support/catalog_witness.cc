#define SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_SESSION
#include "support/catalog_witness.h"

#include <sqlite3.h>
#include <zstd.h>

#include <memory>
#include <set>
#include <stdexcept>

#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kNotRecorded = {"part", "intent", "catalog", "catalog_file", "catalog_change"};
const std::set<std::string> kTree = {"job", "object", "entry", "past_entry"};

class Db {
 public:
  explicit Db(const fs::path& file) {
    sqlite3* db = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr);
    db_.reset(db);
    if (result != SQLITE_OK) throw std::runtime_error(file.string() + ": can't be opened");
    sqlite3_create_function_v2(
        db, "parent_of", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
        [](sqlite3_context* context, int, sqlite3_value**) { sqlite3_result_null(context); }, nullptr,
        nullptr, nullptr);
  }
  sqlite3* get() const { return db_.get(); }
  void exec(const std::string& sql) const {
    if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_.get()));
  }
  std::vector<std::vector<std::string>> rows(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_.get()));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> owner(statement, sqlite3_finalize);
    std::vector<std::vector<std::string>> all;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      std::vector<std::string>& row = all.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
        row.emplace_back(bytes == nullptr ? "" : bytes,
                         static_cast<std::size_t>(sqlite3_column_bytes(statement, i)));
      }
    }
    return all;
  }

 private:
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_{nullptr, sqlite3_close_v2};
};

std::string unpacked(const std::string& compressed, const std::string& name) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::string all, piece(1 << 20, '\0');
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  std::size_t left = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) throw std::runtime_error(name + ": " + ZSTD_getErrorName(left));
    all.append(piece, 0, out.pos);
  }
  for (bool more = left != 0; more;) {  // what is still inside
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) throw std::runtime_error(name + ": " + ZSTD_getErrorName(left));
    all.append(piece, 0, out.pos);
    more = left != 0 && out.pos == out.size;
  }
  if (left != 0) throw std::runtime_error(name + ": it is cut short");
  return all;
}

void apply(const Db& db, const std::string& changeset, const std::string& what) {
  const auto refuse = [](void*, int, sqlite3_changeset_iter*) -> int { return SQLITE_CHANGESET_ABORT; };
  if (sqlite3changeset_apply(db.get(), static_cast<int>(changeset.size()),
                             const_cast<char*>(changeset.data()), nullptr, refuse, nullptr) != SQLITE_OK)
    throw std::runtime_error(what + " does not follow on what is before it");
}

bool speaks_of_the_tree(const std::string& changeset) {
  sqlite3_changeset_iter* at = nullptr;
  if (sqlite3changeset_start(&at, static_cast<int>(changeset.size()), const_cast<char*>(changeset.data())) !=
      SQLITE_OK)
    throw std::runtime_error("a recorded change is no changeset");
  bool found = false;
  while (sqlite3changeset_next(at) == SQLITE_ROW) {
    const char* table = nullptr;
    int columns = 0, operation = 0, indirect = 0;
    sqlite3changeset_op(at, &table, &columns, &operation, &indirect);
    found = found || kTree.contains(table);
  }
  sqlite3changeset_finalize(at);
  return found;
}

/// The state as it would be after a kill: with its write-ahead log, but away from it.
fs::path copied(const fs::path& state_dir, const fs::path& to) {
  for (const char* name : {"state.db", "state.db-wal"})
    if (fs::exists(state_dir / name)) fs::copy_file(state_dir / name, to / name);
  return to / "state.db";
}

std::string base_or_changes(const Db& state, const fs::path& state_dir, const std::vector<std::string>& file,
                            const FetchStored& remote) {
  const std::string& name = file[1];
  std::optional<std::string> content;
  if (file[2] == "1") {
    content = remote(name);
  } else {  // a base on its way
    const std::string generation = state.rows("SELECT generation FROM catalog").at(0).at(0);
    const fs::path local = state_dir / ("catalog-" + generation + ".db.zst");
    if (fs::exists(local)) content = read_file(local);
  }
  if (!content) throw std::runtime_error(name + " is not there");
  if (std::to_string(content->size()) != file[3]) throw std::runtime_error(name + " has another size");
  return unpacked(*content, name);
}

void compare(const Db& state, const fs::path& rebuilt, std::vector<std::string>& differences) {
  state.exec("ATTACH '" + rebuilt.string() + "' AS rebuilt");
  for (const auto& table : state.rows("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT "
                                      "LIKE 'sqlite_%' ORDER BY 1")) {
    const std::string& name = table[0];
    if (kNotRecorded.contains(name)) continue;
    std::string columns;
    for (const auto& column : state.rows("SELECT name FROM pragma_table_info('" + name + "')"))
      columns += (columns.empty() ? "quote(" : " || ',' || quote(") + column[0] + ")";
    for (const auto& [here, there, what] :
         {std::tuple{"main", "rebuilt", "only in the state"}, {"rebuilt", "main", "only in the catalog"}})
      for (const auto& row :
           state.rows("SELECT " + columns + " FROM (SELECT * FROM " + std::string(here) + "." + name +
                      " EXCEPT SELECT * FROM " + there + "." + name + ") LIMIT 5"))
        differences.push_back(name + ", " + what + ": " + row[0]);
  }
}

}  // namespace

CatalogWitness look_at_catalog(const fs::path& state_dir, const FetchStored& remote) {
  CatalogWitness seen;
  if (!fs::exists(state_dir / "state.db")) return seen;
  TempDir dir;
  const Db state(copied(state_dir, dir.path()));
  if (state.rows("SELECT 1 FROM sqlite_schema WHERE name = 'catalog'").empty()) return seen;
  seen.recording = state.rows(
                       "SELECT recording AND schema = (SELECT user_version FROM pragma_user_version) "
                       "FROM catalog")[0][0] == "1";
  if (!seen.recording) {
    seen.tree_is_stored = state.rows("SELECT 1 FROM entry UNION ALL SELECT 1 FROM past_entry LIMIT 1").empty();
    return seen;
  }
  const auto files = state.rows(
      "SELECT number, name, stored, size FROM catalog_file WHERE generation = (SELECT generation FROM "
      "catalog) "
      "ORDER BY number");
  const auto pending = state.rows("SELECT changeset FROM catalog_change ORDER BY id");
  seen.tree_is_stored = true;
  for (const auto& change : pending)
    if (speaks_of_the_tree(change[0])) seen.tree_is_stored = false;
  if (files.empty()) {  // cut off before there was a base to follow on
    seen.tree_is_stored = false;
    return seen;
  }
  try {
    const fs::path rebuilt = dir / "rebuilt.db";
    write_file(rebuilt, base_or_changes(state, state_dir, files[0], remote));
    {
      const Db db(rebuilt);
      db.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
      for (std::size_t i = 1; i < files.size(); ++i) {
        if (files[i][0] != std::to_string(i))
          throw std::runtime_error("a number is missing before " + files[i][1]);
        apply(db, base_or_changes(state, state_dir, files[i], remote), files[i][1]);
      }
      for (const auto& change : pending) apply(db, change[0], "a recorded change");
    }
    compare(state, rebuilt, seen.differences);
  } catch (const std::exception& error) {
    seen.differences.emplace_back(error.what());
  }
  return seen;
}

}  // namespace outhaul::test
