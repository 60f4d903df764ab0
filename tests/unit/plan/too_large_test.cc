#include "plan/too_large.h"

#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("what is larger than the remote may ever hold is withheld and what is renamed there is not") {
  const auto sized = [](Entry entry, std::uint64_t size) {
    return with(std::move(entry), [size](Entry& e) { e.size = size; });
  };
  const Entry moved = sized(file("old"), 151);
  ListedScan scan({sized(file("grown"), 151), sized(file("large"), 151), sized(file("largest"), 150),
                   renamed(moved, "new"), sized(file("small"), 1)});
  ListedState state({stored(file("grown")), stored(moved)});
  Plan plan = make_plan(scan, state, removing());
  const std::string before = plan.id;
  withhold_larger_than(200, plan);
  CHECK(plan.id == before);
  withhold_larger_than(150, plan);
  CHECK(plan.id == plan_id(plan.actions));
  CHECK(plan.id != before);
  CHECK(in_words(plan) == Lines{"upload largest (added)", "upload small (added)", "move new <- old (moved)",
                                "withhold grown (too_large)", "withhold large (too_large)"});
  CHECK(plan.counts.upload_bytes == 151);
  CHECK(plan.counts.uploads == 2);
  CHECK(plan.counts.replaces == 0);
  CHECK(plan.counts.withheld == 2);
}
