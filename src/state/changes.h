// What is written over a connection, as changesets of SQLite's session extension
// (sqlite.org/sessionintro.html).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "state/sqlite.h"

struct sqlite3_session;
struct sqlite3_changegroup;
struct sqlite3_changeset_iter;

namespace outhaul::sqlite {

/// Records what this connection writes to some tables, from now on. The database must outlive it.
class Recorder {
 public:
  Recorder(Database& db, std::span<const char* const> tables);
  /// Everything since the last call, with what the open transaction has written; empty: nothing.
  std::string take();
  /// Forgets it.
  void start_anew();

 private:
  struct Delete {
    void operator()(sqlite3_session* session) const noexcept;
  };
  Database* db_;
  std::span<const char* const> tables_;
  std::unique_ptr<sqlite3_session, Delete> session_;
};

/// Changesets made one, in the order in which they were added: a row that came and went leaves nothing.
class ChangeGroup {
 public:
  ChangeGroup();
  /// Throws Error{internal} for what is no changeset.
  void add(std::string_view changeset);
  std::string take();

 private:
  struct Delete {
    void operator()(sqlite3_changegroup* group) const noexcept;
  };
  std::unique_ptr<sqlite3_changegroup, Delete> group_;
};

/// Whether the changeset has something for one of the tables.
bool touches(std::string_view changeset, std::span<const char* const> tables);

/// One row's part in a changeset.
class Change {
 public:
  enum class Kind : std::uint8_t { insertion, update, deletion };
  explicit Change(sqlite3_changeset_iter* at);
  std::string_view table;
  int columns = 0;
  Kind kind{};
  bool is_key(int column) const noexcept { return key_[column] != 0; }
  Value key_value(int column) const;
  /// None: there was no row, or will be none, or the column stays as it is, as those of the primary key do
  /// (another key is a deletion and an insertion).
  std::optional<Value> before(int column) const;
  std::optional<Value> after(int column) const;

 private:
  sqlite3_changeset_iter* at_;
  const unsigned char* key_ = nullptr;
};

/// In the changeset's order. Throws Error{internal} for what is no changeset.
void for_each_change(std::string_view changeset, const std::function<void(const Change&)>& each);

/// All of it or nothing. False: it isn't a changeset, or not one that follows on what the database holds.
bool apply(Database& db, std::string_view changeset);

}  // namespace outhaul::sqlite
