#include "plan/space.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

const PlanApproval kApproval{"`outhaul run PROFILE --approve 0123456789ab`", false};
constexpr std::uint64_t kGB = 1'000'000'000;

SpaceNeed uploads(std::initializer_list<std::uint64_t> sizes) {
  SpaceNeed need;
  for (const std::uint64_t size : sizes) need.upload(size, 0, 0);
  return need;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what is added is told by its highest point because a file is sent beside the one it replaces") {
  CHECK(uploads({}).peak() == 0);
  CHECK(uploads({3, 4}).peak() == 7);
  SpaceNeed replacing;
  replacing.upload(60, 60, 0);
  CHECK(replacing.peak() == 60);
  CHECK(replacing.in_the_end() == 0);
  replacing.upload(10, 60, 0);
  CHECK(replacing.peak() == 60);
  CHECK(replacing.in_the_end() == -50);
  replacing.upload(200, 0, 0);
  CHECK(replacing.peak() == 150);
}

TEST_CASE("a quota refuses only what can't fit with the figures and a way out") {
  const SpaceUse use{70 * kGB, 8 * kGB, 0, 0};
  CHECK_FALSE(over_quota(use, uploads({22 * kGB}), 100 * kGB, 0, kApproval));
  CHECK_FALSE(over_quota(use, uploads({}), kGB, 0, kApproval));  // nothing is sent, so nothing is in the way
  const auto refusal = over_quota(use, uploads({22 * kGB, 250'000'000}), 100 * kGB, 0, kApproval);
  REQUIRE(refusal);
  CHECK(refusal->guard == Guard::no_space);
  CHECK(refusal->message ==
        "the uploads don't fit: 78.00 GB are on the remote (70.00 GB in the tree, 8.00 GB of versions), they "
        "add "
        "up to 22.25 GB more, and \"quota\" is 100.00 GB (250.00 MB too much)");
  CHECK(holds(refusal->advice, "--approve 0123456789ab"));
  CHECK(refusal->approvable);
  CHECK_FALSE(over_quota(use, uploads({22 * kGB, 250'000'000}), 100 * kGB, 250'000'000, kApproval));
  CHECK(holds(over_quota(use, uploads({22 * kGB, 250'000'000}), 100 * kGB, 249'000'000, kApproval)->message,
              "(1.00 MB too much, although 249.00 MB would go first)"));
}

TEST_CASE("sizes that add up to more than any number holds still don't fit") {
  constexpr std::uint64_t kHuge = INT64_MAX;  // a sparse file may claim so much
  const SpaceNeed need = uploads({kHuge, kHuge, kHuge, UINT64_MAX});
  CHECK(need.peak() == kHuge);
  CHECK(over_quota({UINT64_MAX - 1, 0, 0, 0}, need, 100 * kGB, 0, kApproval));
  CHECK(over_free_space(100 * kGB, need, 0, kApproval));
}

TEST_CASE("what lies in parts already counts against a quota but not against what is free") {
  SpaceNeed need;
  need.upload(90 * kGB, 0, 80 * kGB);
  CHECK(over_quota({}, need, 89 * kGB, 0, kApproval));
  CHECK_FALSE(over_free_space(10 * kGB, need, 0, kApproval));
  const auto refusal = over_free_space(10 * kGB - 1, need, 0, kApproval);
  REQUIRE(refusal);
  CHECK(refusal->message ==
        "the uploads don't fit: they need 10.00 GB more, and the remote says that 10.00 GB are free");
  CHECK(holds(refusal->advice, "\"quota\""));
  CHECK_FALSE(over_free_space(10 * kGB - 1, need, 1, kApproval));
  CHECK_FALSE(over_free_space(0, uploads({}), 0, kApproval));
}

TEST_CASE("as little as will do goes before the uploads and what can't be made to fit is refused") {
  struct Row {
    std::uint64_t lacking, removals, versions, reserve;
    bool approved;
    bool removals_first, versions_first, refused;
  };
  const Row table[] = {
      {0, 50, 50, 0, false, false, false, false}, {10, 10, 50, 0, false, true, false, false},
      {11, 10, 50, 0, false, true, true, false},  {50, 0, 50, 0, false, false, true, false},
      {61, 10, 50, 0, false, false, false, true}, {61, 10, 50, 0, true, true, true, false},
      {61, 0, 0, 0, true, false, false, false},   {10, 10, 0, 1, false, true, false, false},
      {10, 10, 50, 1, false, true, true, false},  {0, 0, 0, 5, false, false, false, false},
      {0, 7, 0, 5, false, true, false, false},
  };
  for (const Row& row : table) {
    INFO(row.lacking << " too much, " << row.removals << " of removals, " << row.versions << " of versions");
    SpaceQuestion question;
    question.too_much = [&](std::uint64_t freed, std::uint64_t reserve) -> std::optional<GuardRefusal> {
      if (row.lacking + reserve <= freed) return std::nullopt;
      return GuardRefusal{Guard::no_space, "", "", true};
    };
    question.removals = [&] { return row.removals; };
    question.versions = [&] { return row.versions; };
    question.reserve = row.reserve;
    question.approved = row.approved;
    const SpaceVerdict verdict = decide_space(question);
    CHECK(verdict.first.removals == row.removals_first);
    CHECK(verdict.first.versions == row.versions_first);
    CHECK(verdict.refusal.has_value() == row.refused);
  }
}
