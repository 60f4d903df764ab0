// SQLite as owned values, for this layer only. Nothing here knows backups.
//
// Every failure becomes an outhaul::Error here and nowhere else (see sqlite_error.h). A connection and its
// statements belong to one thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace outhaul::sqlite {

/// Raw bytes and UTF-8 text are different types in SQLite, and never equal. Bound without a copy: what they
/// view must outlive the execution.
struct Blob {
  std::string_view bytes;
};
struct Text {
  std::string_view text;
};

/// A value of any type, as it is stored. Valid as long as the row that it is read from.
struct Value {
  int type = 0;              ///< SQLITE_INTEGER, …
  std::int64_t integer = 0;  ///< of an SQLITE_INTEGER
  std::string_view bytes;    ///< of anything else
};

/// A prepared statement. Parameters count from 1, columns from 0, as SQLite does.
class Statement {
 public:
  Statement() = default;

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void bind(int index, T value) {
    bind_integer(index, static_cast<std::int64_t>(value));  // 64-bit unsigned values keep their bits
  }
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value) return bind(index, *value);
    bind_null(index);
  }
  void bind(int index, Blob value);
  void bind(int index, Text value);

  /// True when there is a row, false at the end.
  bool step();
  /// Ready to run again; ends the read that it held. Parameters lose their values.
  void reset() noexcept;

  std::int64_t integer(int column) const noexcept;
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T> T get(int column)
  const noexcept { return static_cast<T>(integer(column)); }
  /// Valid until the next step() or reset(); empty for NULL.
  std::string_view bytes(int column) const noexcept;
  std::string string(int column) const { return std::string(bytes(column)); }
  bool is_null(int column) const noexcept;
  Value value(int column) const noexcept;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void bind_integer(int index, std::int64_t value);
  void bind_null(int index);
  void check(int result) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Access : std::uint8_t {
  read_write,
  read_only,
  /// Without locks and without a WAL: only for a file that nobody can be writing to.
  immutable,
};

/// One connection.
class Database {
 public:
  /// The file must exist: making one is a decision of the layer above.
  Database(const std::filesystem::path& file, Access access);
  static Database in_memory();
  /// Makes the file, or takes an empty one.
  static Database create(const std::filesystem::path& file);

  /// Runs statements that give no rows, or whose rows don't matter.
  void exec(const char* sql);
  Statement prepare(const char* sql) const;
  /// The statement for a string literal, prepared once per connection: the literal's address is the key.
  Statement& cached(const char* sql);

  /// The first column of the first row of a query that must have one.
  std::int64_t integer(const char* sql) const;
  std::string string(const char* sql) const;

  /// The file's first bytes as they are on disk, at most `count`, read through SQLite's own descriptor:
  /// closing another one would drop the locks of every connection that this process has to the file
  /// (sqlite.org/howtocorrupt.html §2.2).
  std::string first_bytes(std::size_t count) const;

  std::int64_t last_insert_rowid() const noexcept;
  std::int64_t changes() const noexcept;
  bool in_transaction() const noexcept;
  /// While set, closing leaves the database file and its WAL exactly as they are.
  void keep_files_on_close(bool keep) noexcept;
  /// Moves the WAL into the database and empties it, as far as readers let it; what stays behind is not lost.
  void checkpoint() noexcept;
  const std::string& file() const noexcept { return file_; }
  /// For what SQLite offers beside statements.
  sqlite3* handle() const noexcept { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  Database(std::string file, const std::string& uri, int flags);
  std::string file_;
  std::unique_ptr<sqlite3, Close> connection_;
  std::map<const void*, Statement> cache_;  // after the connection: it goes first
};

/// One execution of a cached statement. Not to be nested with itself.
class Query {
 public:
  template <typename... Values>
  Query(Database& db, const char* sql, const Values&... values) : statement_(db.cached(sql)) {
    int index = 0;
    (statement_.bind(++index, values), ...);
  }
  Query(Query&&) = delete;
  ~Query() { statement_.reset(); }

  bool next() { return statement_.step(); }
  const Statement& row() const noexcept { return statement_; }

 private:
  Statement& statement_;
};

/// Runs a statement that changes something; the number of rows that it changed.
template <typename... Values>
std::int64_t execute(Database& db, const char* sql, const Values&... values) {
  Query query(db, sql, values...);
  while (query.next()) {
  }
  return db.changes();
}

}  // namespace outhaul::sqlite
