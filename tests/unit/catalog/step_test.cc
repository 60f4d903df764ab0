#include "catalog/step.h"
#include "catalog/check.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

CatalogFile file(std::int64_t number, std::uint64_t size, bool stored = true, std::int64_t generation = 3) {
  CatalogFile made;
  made.generation = generation;
  made.number = number;
  made.size = size;
  made.stored = stored;
  return made;
}

constexpr std::uint64_t kBase = 40'000'000;

CatalogLog log_with(std::vector<CatalogFile> files, bool recording = true, bool announced = true) {
  return {.generation = 3, .recording = recording, .announced = announced, .files = std::move(files)};
}

}  // namespace

TEST_CASE("what a catalog needs follows from what is stored and what is not") {
  struct Row {
    const char* what;
    CatalogLog log;
    bool tree_changed;
    std::uint64_t compressed;
    CatalogStep step;
  };
  const std::vector<Row> table = {
      {"there never was one", {}, false, 0, CatalogStep::new_base},
      {"all is stored", log_with({file(0, kBase)}), false, 0, CatalogStep::nothing},
      {"the manifest is behind", log_with({file(0, kBase)}, true, false), false, 0, CatalogStep::announce},
      {"something changed", log_with({file(0, kBase)}), true, 9000, CatalogStep::add_changes},
      {"something changed and the manifest is behind", log_with({file(0, kBase)}, true, false), true, 9000,
       CatalogStep::add_changes},
      {"changes come to a quarter of the base", log_with({file(0, kBase), file(1, 9'000'000)}), true,
       1'000'000, CatalogStep::add_changes},
      {"changes outgrow a quarter of the base", log_with({file(0, kBase), file(1, 9'000'000)}), true,
       1'000'001, CatalogStep::new_base},
      {"those of the generation before don't count",
       log_with({file(0, kBase, true, 2), file(1, 9'000'000, true, 2), file(0, kBase)}), true, 1'000'001,
       CatalogStep::add_changes},
      {"a small base has room for some changes", log_with({file(0, 1000)}), true, kSmallChanges,
       CatalogStep::add_changes},
      {"but not for any number of them", log_with({file(0, 1000)}), true, kSmallChanges + 1,
       CatalogStep::new_base},
      {"there are too many files", log_with({file(0, kBase), file(kMostChanges, 1)}), true, 1,
       CatalogStep::new_base},
      {"nothing was recorded", log_with({file(0, kBase)}, false), false, 0, CatalogStep::new_base},
      {"a base was cut off", log_with({file(0, kBase, true, 2), file(0, kBase, false)}), true, 9000,
       CatalogStep::finish_base},
      {"a base was cut off and recording ended since", log_with({file(0, kBase, false)}, false), true, 0,
       CatalogStep::new_base},
      {"the base of this generation was never begun", log_with({file(0, kBase, true, 2)}), true, 0,
       CatalogStep::new_base},
  };
  for (const Row& row : table) {
    INFO(row.what);
    PendingChanges pending;
    pending.of_the_tree = row.tree_changed;
    CHECK(next_step(row.log, pending, row.compressed) == row.step);
  }
}

TEST_CASE("a small state is compared with what was recorded each time and a large one now and then") {
  CHECK(is_to_be_compared(0, 1));
  CHECK(is_to_be_compared(kFewRows, 7));
  CHECK(is_to_be_compared(kFewRows + 1, 1));
  CHECK_FALSE(is_to_be_compared(kFewRows + 1, 2));
  CHECK_FALSE(is_to_be_compared(kFewRows + 1, 7));
  CHECK(is_to_be_compared(kFewRows + 1, 8));
  CHECK(is_to_be_compared(kFewRows + 1, 16));
}

TEST_CASE("a catalog is replayed when that was asked for or never was done, and else read when that is cheap") {
  CHECK(catalog_look(true, 1, true) == CatalogLook::replay);
  CHECK(catalog_look(true, kSmallCatalog + 1, true) == CatalogLook::replay);
  CHECK(catalog_look(false, 1, false) == CatalogLook::replay);
  CHECK(catalog_look(false, kSmallCatalog + 1, false) == CatalogLook::replay);
  CHECK(catalog_look(false, kSmallCatalog, true) == CatalogLook::read);
  CHECK(catalog_look(false, kSmallCatalog + 1, true) == CatalogLook::sizes);
}
