#define SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_SESSION
#include "state/state_digest.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <xxhash.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "outhaul/error.h"
#include "state/catalog.h"
#include "state/changes.h"
#include "state/sqlite.h"

namespace outhaul {
namespace {

enum class Sign : bool { plus, minus };

void count(StateDigest& digest, XXH128_hash_t cell, Sign sign) noexcept {
  if (sign == Sign::plus) {
    digest.low += cell.low64;
    digest.high += cell.high64 + (digest.low < cell.low64 ? 1 : 0);
  } else {
    digest.high -= cell.high64 + (digest.low < cell.low64 ? 1 : 0);
    digest.low -= cell.low64;
  }
}

template <typename Number>
void append(std::string& to, Number number) {
  std::array<char, sizeof number> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)  // the same on every machine
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  to.append(bytes.data(), bytes.size());
}

/// A value with its type and length, so that no two in a row read as another two.
void append(std::string& to, const sqlite::Value& value) {
  append(to, static_cast<std::uint8_t>(value.type));
  if (value.type == SQLITE_INTEGER) return append(to, value.integer);
  append(to, static_cast<std::uint64_t>(value.bytes.size()));
  to.append(value.bytes);
}

/// Cells of one row.
class RowHash {
 public:
  void begin(std::string_view table) { key_.assign(table).push_back('\0'); }
  void key(const sqlite::Value& value) { append(key_, value); }
  void end_key() {
    const XXH128_hash_t row = XXH3_128bits(key_.data(), key_.size());
    cell_.clear();
    append(cell_, row.low64);
    append(cell_, row.high64);
    prefix_ = cell_.size();
  }
  XXH128_hash_t cell(int column, const sqlite::Value& value) {
    cell_.resize(prefix_);
    append(cell_, static_cast<std::uint32_t>(column));
    append(cell_, value);
    return XXH3_128bits(cell_.data(), cell_.size());
  }

 private:
  std::string key_, cell_;  // kept for their memory
  std::size_t prefix_ = 0;
};

bool has_table(const sqlite::Database& db, std::string_view table) {
  sqlite::Statement found = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  found.bind(1, sqlite::Text{table});
  return found.step();
}

/// Whether each of the table's columns belongs to its primary key, as a changeset tells it.
std::vector<bool> key_columns(const sqlite::Database& db, std::string_view table) {
  std::vector<bool> key;
  sqlite::Statement rows = db.prepare("SELECT pk FROM pragma_table_info(?) ORDER BY cid");
  rows.bind(1, sqlite::Text{table});
  while (rows.step()) key.push_back(rows.integer(0) != 0);
  return key;
}

void add_table(const sqlite::Database& db, const char* table, StateDigest& digest) {
  const std::vector<bool> key = key_columns(db, table);
  const int columns = static_cast<int>(key.size());
  sqlite::Statement rows = db.prepare(fmt::format("SELECT * FROM main.{}", table).c_str());
  for (RowHash hash; rows.step(); ++digest.rows) {
    hash.begin(table);
    for (int i = 0; i < columns; ++i)
      if (key[static_cast<std::size_t>(i)]) hash.key(rows.value(i));
    hash.end_key();
    for (int i = 0; i < columns; ++i) count(digest, hash.cell(i, rows.value(i)), Sign::plus);
  }
}

void fold(StateDigest& digest, RowHash& hash, const sqlite::Change& change) {
  hash.begin(change.table);
  for (int i = 0; i < change.columns; ++i)
    if (change.is_key(i)) hash.key(change.key_value(i));
  hash.end_key();
  for (int i = 0; i < change.columns; ++i) {
    if (const auto before = change.before(i)) count(digest, hash.cell(i, *before), Sign::minus);
    if (const auto after = change.after(i)) count(digest, hash.cell(i, *after), Sign::plus);
  }
  digest.rows += change.kind == sqlite::Change::Kind::insertion  ? 1
                 : change.kind == sqlite::Change::Kind::deletion ? -1
                                                                 : 0;
}

}  // namespace

StateDigest digest_of(const sqlite::Database& db) {
  StateDigest digest;
  for (const char* table : catalog_tables())
    if (has_table(db, table)) add_table(db, table, digest);
  return digest;
}

StateDigest folded(StateDigest digest, std::string_view changeset) {
  RowHash hash;
  sqlite::for_each_change(changeset, [&](const sqlite::Change& change) { fold(digest, hash, change); });
  return digest;
}

std::string to_hex(const StateDigest& digest) {
  return fmt::format("{:016x}{:016x}{:016x}", digest.high, digest.low,
                     static_cast<std::uint64_t>(digest.rows));
}

std::optional<StateDigest> parse_state_digest(std::string_view hex) {
  std::array<std::uint64_t, 3> parts{};
  if (hex.size() != 16 * parts.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const char* first = hex.data() + 16 * i;
    const auto [end, fault] = std::from_chars(first, first + 16, parts[i], 16);
    if (fault != std::errc{} || end != first + 16) return std::nullopt;
  }
  return StateDigest{parts[0], parts[1], static_cast<std::int64_t>(parts[2])};
}

}  // namespace outhaul
