#include "catalog/step.h"

#include <algorithm>

namespace outhaul {

CatalogStep next_step(const CatalogLog& log, const PendingChanges& pending, std::uint64_t compressed) {
  std::uint64_t base = 0, changes = compressed;
  std::int64_t last = -1;
  bool base_stored = false, base_on_its_way = false;
  for (const CatalogFile& file : log.files) {
    if (file.generation != log.generation) continue;
    last = std::max(last, file.number);
    if (file.number == 0) {
      base = file.size;
      base_stored = file.stored;
      base_on_its_way = !file.stored;
    } else {
      changes += file.size;
    }
  }
  if (!log.recording) return CatalogStep::new_base;
  if (base_on_its_way) return CatalogStep::finish_base;
  if (!base_stored) return CatalogStep::new_base;
  if (!pending.of_the_tree) return log.announced ? CatalogStep::nothing : CatalogStep::announce;
  const bool outgrown = changes > std::max(base / 4, kSmallChanges);
  return outgrown || last >= kMostChanges ? CatalogStep::new_base : CatalogStep::add_changes;
}

bool is_to_be_compared(std::int64_t rows, std::int64_t number) {
  return rows <= kFewRows || number == 1 || number % kCompareEvery == 0;
}

}  // namespace outhaul
