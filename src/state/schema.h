// The tables, and how an older state becomes a current one.
#pragma once

#include <cstdint>
#include <span>

#include "state/sqlite.h"

namespace outhaul {

/// "Ohau", in the database's header (sqlite.org/pragma.html#pragma_application_id): how `file` and we know
/// our own.
inline constexpr std::int32_t kApplicationId = 0x4F686175;

/// Brings a state from one version (user_version) to the next. Never changed once released: a new one is
/// added.
using Migration = const char*;
/// Element i leads from version i to i + 1; their number is the version of this outhaul.
std::span<const Migration> migrations() noexcept;

/// Runs what is missing up to the end of `steps`, all or nothing, in one transaction. Foreign keys must hold
/// at the end. The connection must not have a transaction open.
void migrate(sqlite::Database& db, std::span<const Migration> steps);

/// Throws Error{state} unless every table, index and trigger of a current state is there with its columns,
/// and the first and last leaf of every table can be read. Cheap on any size.
void verify_schema(sqlite::Database& db);

/// Takes away what the tables don't need to be read: indexes and triggers. A catalog's base has none.
void drop_derived(sqlite::Database& db);
/// Gives them back as the database's version has them.
void restore_derived(sqlite::Database& db);

}  // namespace outhaul
