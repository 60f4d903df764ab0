// A catalog's changes applied to its base, with a witness.
#pragma once

#include <cstddef>
#include <string_view>

#include "state/catalog.h"
#include "state/sqlite.h"

namespace outhaul {

/// What every refusal of a base looks like.
Error bad_base(std::string_view why);

/// Throws Error{state} unless `db` is a base of this profile's that can be used. It comes from a server:
/// nothing in it may be code.
void judge_base(sqlite::Database& db, std::string_view profile);

/// Brings `db`, which is the chain's base, up to the last link that follows on the one before it and gives
/// what it should; how many did. SQLite applies a changeset without a word to a database that lacks a table
/// of it or has other columns, so that the result is judged, too. Throws Error{state} when already the base
/// isn't what was written. Not inside a transaction.
std::size_t replay(sqlite::Database& db, const CatalogChain& chain);

}  // namespace outhaul
