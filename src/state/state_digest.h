// The recorded tables as one number that changes can be folded into: an independent witness of what the
// catalog's base and its changes must give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outhaul {

namespace sqlite {
class Database;
}

/// The sum modulo 2^128 of a hash (XXH3, 128 bits) of each cell of each row, and the number of rows. The hash
/// is one of table, primary key, column and value, so that a change adds and takes away what it names,
/// whatever else there is, and the order of rows doesn't matter. It finds what went wrong, not who means
/// harm.
struct StateDigest {
  std::uint64_t high = 0, low = 0;
  std::int64_t rows = 0;
  friend bool operator==(const StateDigest&, const StateDigest&) = default;
};

/// Of catalog_tables(), as `db` holds them now.
StateDigest digest_of(const sqlite::Database& db);

/// What `digest` is once `changeset` (SQLite's format) was applied. Throws Error{internal} for what is no
/// changeset.
StateDigest folded(StateDigest digest, std::string_view changeset);

/// 48 lower-case hexadecimal digits, and back; none: it isn't one.
std::string to_hex(const StateDigest& digest);
std::optional<StateDigest> parse_state_digest(std::string_view hex);

}  // namespace outhaul
