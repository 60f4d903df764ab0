// What the catalog needs after a run. Pure.
#pragma once

#include <cstdint>

#include "state/catalog.h"

namespace outhaul {

enum class CatalogStep : std::uint8_t {
  nothing,
  announce,     ///< all files are stored, but the manifest on the remote doesn't name them yet
  finish_base,  ///< a base is on its way: a run was cut off while it was sent
  add_changes,
  new_base,
};

/// `compressed`: the size of the pending changes as they would be stored. A new base when there is none, when
/// nothing is recorded, or when the changes of the generation outgrow a quarter of its base or become so many
/// files that a recovery would be slow.
CatalogStep next_step(const CatalogLog& log, const PendingChanges& pending, std::uint64_t compressed);

/// Whether what was recorded is to be compared with the state before a file gets this `number`. That reads
/// all of its `rows`: always where they are few, else at first and now and then.
bool is_to_be_compared(std::int64_t rows, std::int64_t number);
/// 10,000 rows take some 0.01 s.
inline constexpr std::int64_t kFewRows = 10'000;
inline constexpr std::int64_t kCompareEvery = 8;

/// How many changes may follow on one base.
inline constexpr std::int64_t kMostChanges = 256;
/// Changes up to here are never too many: the base of a small tree is tiny.
inline constexpr std::uint64_t kSmallChanges = 256 * 1024;

}  // namespace outhaul
