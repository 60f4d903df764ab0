#include "outhaul/guard.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr const char* kId = "0123456789ab";

/// A plan over a source that still holds something.
Plan plan_that_removes(std::uint64_t removes, std::uint64_t stored_files) {
  Plan plan;
  plan.id = kId;
  plan.counts.removes = removes;
  plan.counts.stored_files = stored_files;
  plan.counts.scanned_files = 1;
  return plan;
}

SourceFacts source() {
  return {"/srv/www", true, {}};
}
GuardPolicy limit(std::optional<double> percent, std::optional<std::uint64_t> count) {
  return {Limit{percent, count}, {}};
}

std::vector<Guard> guards(const std::vector<GuardRefusal>& refusals) {
  std::vector<Guard> list;
  for (const GuardRefusal& refusal : refusals) list.push_back(refusal.guard);
  return list;
}

bool refused(std::uint64_t removes, std::uint64_t stored, const GuardPolicy& policy = {}) {
  return !judge(plan_that_removes(removes, stored), source(), policy, {}).empty();
}

bool change_refused(std::uint64_t changed, std::uint64_t stored, std::optional<Limit> limit = std::nullopt) {
  Plan plan = plan_that_removes(0, stored);
  plan.counts.uploads = plan.counts.replaces = changed;
  GuardPolicy policy;
  policy.max_change = limit;
  return !judge(plan, source(), policy, {}).empty();
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the default limits refuse just above fifty percent or a thousand and never at ten or below") {
  const auto [removes, stored, refuses] = GENERATE(table<std::uint64_t, std::uint64_t, bool>({
      {0, 0, false},
      {0, 100, false},
      {1, 1, false},
      {10, 10, false},
      {11, 11, true},
      {11, 22, false},
      {11, 21, true},
      {50, 100, false},
      {51, 100, true},
      {49, 100, false},
      {999, 1000000, false},
      {1000, 1000000, false},
      {1001, 1000000, true},
      {1000, 2000, false},
      {1000, 1999, true},
      {500000, 1000000, true},
  }));
  INFO(removes << " of " << stored);
  CHECK(refused(removes, stored) == refuses);
}

TEST_CASE("a limit of the profile is taken at its word without a floor") {
  CHECK_FALSE(refused(20, 100, limit(20, {})));
  CHECK(refused(21, 100, limit(20, {})));
  CHECK_FALSE(refused(19, 100, limit(20, {})));
  CHECK(refused(1, 2, limit(20, {})));
  CHECK_FALSE(refused(1, 2, limit(50, {})));
  CHECK(refused(1, 100, limit(0, {})));
  CHECK_FALSE(refused(0, 100, limit(0, {})));
  CHECK_FALSE(refused(100, 100, limit(100, {})));
  CHECK_FALSE(refused(4, 4, limit({}, 4)));
  CHECK(refused(5, 1000, limit({}, 4)));
  CHECK_FALSE(refused(3, 3, limit({}, 4)));
  CHECK(refused(1, 1000, limit({}, 0)));
  CHECK_FALSE(refused(0, 1000, limit({}, 0)));
  CHECK(refused(1, 200, limit(0.1, {})));
  CHECK_FALSE(refused(1, 1000, limit(0.1, {})));
}

TEST_CASE("a limit of the profile replaces both defaults") {
  CHECK_FALSE(refused(5000, 6000, limit(90, {})));
  CHECK_FALSE(refused(5000, 6000, limit({}, 5000)));
  CHECK(refused(5001, 6000, limit({}, 5000)));
}

TEST_CASE("of a percentage and a count the one that is exceeded refuses") {
  CHECK(refused(3, 10, limit(20, 5)));
  CHECK(refused(6, 1000, limit(20, 5)));
  CHECK_FALSE(refused(2, 10, limit(20, 5)));
  CHECK(refused(60, 100, limit({}, {})));  // says nothing: the defaults hold
}

TEST_CASE("a mass deletion is told in numbers with the limit and the way out") {
  const auto refusals = judge(plan_that_removes(1234, 2000), source(), {}, {});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::mass_deletion});
  CHECK(refusals[0].message ==
        "1,234 of 2,000 files (61.7 %) would be removed from the remote; the limit is 50 %");
  CHECK(holds(refusals[0].advice, "`outhaul plan PROFILE`"));
  CHECK(holds(refusals[0].advice, "`outhaul run PROFILE --approve 0123456789ab`"));
  CHECK(refusals[0].approvable);
}

TEST_CASE("files that become versions count like files that are deleted") {
  Plan plan = plan_that_removes(30, 100);
  plan.counts.retires = 31;
  const auto refusals = judge(plan, source(), {}, {});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::mass_deletion});
  CHECK(
      refusals[0].message ==
      "61 of 100 files (61.0 %) would be taken out of the tree on the remote and kept as versions only; the "
      "limit is 50 %");
}

TEST_CASE("the limit in the message is the one that was exceeded") {
  const auto message = [](std::uint64_t removes, std::uint64_t stored, const GuardPolicy& policy) {
    return judge(plan_that_removes(removes, stored), source(), policy, {}).at(0).message;
  };
  CHECK(message(1001, 1000000, {}) ==
        "1,001 of 1,000,000 files (0.1 %) would be removed from the remote; the limit is 1,000 files");
  CHECK(message(1, 1, limit(12.5, {})) ==
        "1 of 1 file (100.0 %) would be removed from the remote; the limit is 12.5 %");
  CHECK(message(3, 100, limit(20, 1)) ==
        "3 of 100 files (3.0 %) would be removed from the remote; the limit is 1 file");
  CHECK(message(50001, 100000, {}) ==
        "50,001 of 100,000 files (50.001 %) would be removed from the remote; the limit is 50 %");
}

TEST_CASE("pain 1: an empty source is refused while the state holds files") {
  Plan plan = plan_that_removes(3, 3);
  plan.counts.scanned_files = 0;
  const auto refusals = judge(plan, source(), {}, {});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::empty_source});
  CHECK(refusals[0].message == "the source /srv/www is empty, but 3 files were saved from it before");
  CHECK(holds(refusals[0].advice, "mounted"));
  CHECK(holds(refusals[0].advice, kId));
  CHECK(refusals[0].approvable);
}

TEST_CASE("pain 1: with keep an empty source is refused too although nothing would be removed") {
  Plan plan = plan_that_removes(0, 3);
  plan.counts.scanned_files = 0;
  plan.counts.forgets = 3;
  CHECK(guards(judge(plan, source(), {}, {})) == std::vector<Guard>{Guard::empty_source});
}

TEST_CASE("a source is not empty when it holds a directory or a symlink or was empty before") {
  Plan plan = plan_that_removes(3, 3);
  plan.counts.scanned_files = 0;
  plan.counts.scanned_dirs = 1;
  CHECK(judge(plan, source(), {}, {}).empty());
  plan.counts.scanned_dirs = 0;
  plan.counts.scanned_symlinks = 1;
  CHECK(judge(plan, source(), {}, {}).empty());
  plan.counts = {};
  CHECK(judge(plan, source(), {}, {}).empty());
}

TEST_CASE("what keep forgets and what is moved is no deletion") {
  Plan plan = plan_that_removes(0, 100);
  plan.counts.forgets = 90;
  plan.counts.moves = 90;
  CHECK(judge(plan, source(), limit(0, {}), {}).empty());
}

TEST_CASE("pain 1: a missing source is not an empty source and can't be approved") {
  Plan plan;
  plan.id = kId;
  plan.counts.stored_files = 100;
  plan.counts.removes = 100;
  const auto refusals = judge(plan, {"/mnt/nas\n", false, {}}, {}, {kId});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::missing_source});
  CHECK(holds(refusals[0].message, "/mnt/nas\\x0A is missing"));
  CHECK(holds(refusals[0].advice, "nothing was changed"));
  CHECK_FALSE(refusals[0].approvable);
}

TEST_CASE("a missing marker is named and can't be approved") {
  SourceFacts facts = source();
  facts.missing_markers = {"/srv/www/.mounted"};
  auto refusals = judge(plan_that_removes(0, 5), facts, {}, {kId});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::missing_marker});
  CHECK(
      refusals[0].message ==
      "/srv/www/.mounted must exist before /srv/www is saved (\"require\" in the profile), but is not there");
  CHECK_FALSE(refusals[0].approvable);
  facts.missing_markers = {"/1", "/2", "/3", "/4", "/5", "/6", "/7"};
  CHECK(holds(judge(plan_that_removes(0, 5), facts, {}, {}).at(0).message,
              "/1, /2, /3, /4, /5 and 2 more must exist"));
}

TEST_CASE("pain 1: a source whose disk is not mounted is refused and can be approved") {
  SourceFacts facts = source();
  facts.mount_before = SourceMount{"/srv/www", "ext4", 7};
  facts.mount = SeenMount{{"/", "xfs", 8}, {"/", "/proc"}};
  const auto refusals = judge(plan_that_removes(0, 5), facts, {}, {});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::other_mount});
  CHECK(refusals[0].message ==
        "the source /srv/www lay on the ext4 file system mounted at /srv/www; nothing is mounted there now, "
        "and "
        "what is seen lies on the one mounted at / (xfs)");
  CHECK(holds(refusals[0].advice, "--approve 0123456789ab"));
  CHECK(refusals[0].approvable);
  CHECK(judge(plan_that_removes(0, 5), facts, {}, {kId}).empty());

  facts.mount = SeenMount{{"/srv/www", "ext4", 9}, {"/", "/srv/www"}};
  CHECK(judge(plan_that_removes(0, 5), facts, {}, {}).at(0).message ==
        "the source /srv/www lies on another file system than last time: at /srv/www there was ext4, and now "
        "there is another ext4");
  facts.mount.reset();
  CHECK(judge(plan_that_removes(0, 5), facts, {}, {}).empty());
}

TEST_CASE("foreign files beyond the limit for deletions are refused until exactly they are approved") {
  CHECK_FALSE(judge_foreign(10, 10, {}, kId, {}));
  CHECK_FALSE(judge_foreign(50, 100, {}, kId, {}));
  const auto refusal = judge_foreign(51, 100, {}, kId, {"ffffffffffff"});
  REQUIRE(refusal);
  CHECK(refusal->guard == Guard::mass_deletion);
  CHECK(
      refusal->message ==
      "51 of 100 files (51.0 %) on the remote are not in the source and would be deleted; the limit is 50 %");
  CHECK(holds(refusal->advice, "`outhaul adopt PROFILE --approve 0123456789ab`"));
  CHECK_FALSE(judge_foreign(51, 100, {}, kId, {kId}));
  CHECK(judge_foreign(1, 100, limit(0, {}), kId, {}));
}

TEST_CASE("every guard that refuses is told with the gravest first") {
  Plan plan = plan_that_removes(100, 100);
  plan.counts.scanned_files = 0;
  SourceFacts facts = source();
  facts.missing_markers = {"/m"};
  CHECK(guards(judge(plan, facts, {}, {})) ==
        std::vector<Guard>{Guard::missing_marker, Guard::empty_source, Guard::mass_deletion});
  CHECK(guards(judge(plan, facts, {}, {kId})) == std::vector<Guard>{Guard::missing_marker});
  facts.exists = false;
  CHECK(guards(judge(plan, facts, {}, {})) ==
        std::vector<Guard>{Guard::missing_source, Guard::missing_marker});
}

TEST_CASE("without max_change more than sixty percent are refused and never a hundred files or fewer") {
  const auto [changed, stored, refuses] = GENERATE(table<std::uint64_t, std::uint64_t, bool>({
      {0, 0, false},
      {1, 1, false},
      {100, 100, false},
      {101, 101, true},
      {101, 168, true},
      {101, 169, false},
      {600, 1000, false},
      {601, 1000, true},
      {600000, 1000000, false},
      {600001, 1000000, true},
  }));
  INFO(changed << " of " << stored);
  CHECK(change_refused(changed, stored) == refuses);
}

TEST_CASE("max_change is taken at its word without a floor") {
  CHECK(change_refused(3, 4, Limit{60, {}}));
  CHECK_FALSE(change_refused(6, 10, Limit{60, {}}));
  CHECK_FALSE(change_refused(1000, 1000, Limit{100, {}}));
  CHECK_FALSE(change_refused(50, 50, Limit{{}, 50}));
  CHECK(change_refused(51, 100000, Limit{{}, 50}));
  CHECK(change_refused(1, 10, Limit{{}, 0}));
  CHECK_FALSE(change_refused(0, 10, Limit{{}, 0}));
}

TEST_CASE("a mass change is told in numbers with what to look at and the way out") {
  Plan plan = plan_that_removes(0, 2000);
  plan.counts.replaces = 1999;
  const auto refusals = judge(plan, source(), {}, {});
  REQUIRE(guards(refusals) == std::vector<Guard>{Guard::mass_change});
  CHECK(refusals[0].message ==
        "1,999 of 2,000 files (99.950 %) changed content since the last run; the limit is 60 %");
  CHECK(holds(refusals[0].advice, "encrypted"));
  CHECK(holds(refusals[0].advice, "--approve 0123456789ab"));
  CHECK(refusals[0].approvable);
  CHECK(judge(plan, source(), {}, {kId}).empty());
}

TEST_CASE("new files and comparisons and what is sent again are no changes") {
  Plan plan = plan_that_removes(0, 1000);
  plan.counts.uploads = 5000;
  plan.counts.compares = 1000;
  CHECK(judge(plan, source(), {}, {}).empty());
}

TEST_CASE("an approval lets exactly its own plan through") {
  Plan plan = plan_that_removes(100, 100);
  CHECK(judge(plan, source(), {}, {"ffffffffffff", kId}).empty());
  CHECK_FALSE(judge(plan, source(), {}, {"ffffffffffff"}).empty());
  CHECK_FALSE(judge(plan, source(), {}, {""}).empty());
  plan.counts.scanned_files = 0;
  CHECK(judge(plan, source(), {}, {kId}).empty());
  plan.id = "";
  CHECK_FALSE(judge(plan, source(), {}, {""}).empty());
}

TEST_CASE("files that a first run would replace are told with some names and the ways out") {
  Plan plan;
  plan.id = kId;
  TakenNames taken{RemotePath::parse("www"), 4, {}};
  for (const char* name : {"www/a", "www/b", "www/c", "www/d"}) taken.some.push_back(RemotePath::parse(name));
  const auto refusal = judge_taken_names(taken, plan, {}, {});
  REQUIRE(refusal);
  CHECK(refusal->guard == Guard::taken_names);
  CHECK(refusal->message ==
        "\"www\" already holds 4 files that this job would replace and that no run of it has stored: "
        "\"www/a\", "
        "\"www/b\", \"www/c\", …");
  CHECK(holds(refusal->advice, "`outhaul adopt PROFILE --job JOB`"));
  CHECK(holds(refusal->advice, "`outhaul run PROFILE --approve 0123456789ab`"));
  CHECK_FALSE(judge_taken_names(taken, plan, {}, {kId}));
  CHECK_FALSE(judge_taken_names({}, plan, {}, {}));
  GuardPolicy policy;
  policy.overwrite = true;
  CHECK_FALSE(judge_taken_names(taken, plan, policy, {}));
  taken.target = {};
  CHECK(holds(judge_taken_names(taken, plan, {}, {})->message, "the remote directory already holds 4 files"));
}

TEST_CASE("a refusal of a mirror names its own command and no profile") {
  GuardPolicy policy;
  policy.one_shot = true;
  for (const GuardRefusal& refusal : judge(plan_that_removes(100, 100), source(), policy, {})) {
    CHECK_FALSE(holds(refusal.advice, "PROFILE"));
    CHECK(holds(refusal.advice, "the same command and `--approve 0123456789ab`"));
  }
}
