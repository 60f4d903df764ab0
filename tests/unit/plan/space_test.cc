#include "plan/space.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr const char* kId = "0123456789ab";
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
  CHECK_FALSE(over_quota(use, uploads({22 * kGB}), 100 * kGB, kId, {}));
  CHECK_FALSE(over_quota(use, uploads({}), kGB, kId, {}));  // nothing is sent, so nothing is in the way
  const auto refusal = over_quota(use, uploads({22 * kGB, 250'000'000}), 100 * kGB, kId, {});
  REQUIRE(refusal);
  CHECK(refusal->guard == Guard::no_space);
  CHECK(refusal->message ==
        "the uploads don't fit: 78.00 GB are on the remote (70.00 GB in the tree, 8.00 GB of versions), they "
        "add "
        "up to 22.25 GB more, and \"quota\" is 100.00 GB (250.00 MB too much)");
  CHECK(holds(refusal->advice, "--approve 0123456789ab"));
  CHECK(refusal->approvable);
  CHECK_FALSE(over_quota(use, uploads({100 * kGB}), 100 * kGB, kId, {"ffffffffffff", kId}));
  CHECK(over_quota(use, uploads({100 * kGB}), 100 * kGB, "", {""}));
}

TEST_CASE("sizes that add up to more than any number holds still don't fit") {
  constexpr std::uint64_t kHuge = INT64_MAX;  // a sparse file may claim so much
  const SpaceNeed need = uploads({kHuge, kHuge, kHuge, UINT64_MAX});
  CHECK(need.peak() == kHuge);
  CHECK(over_quota({UINT64_MAX - 1, 0, 0, 0}, need, 100 * kGB, kId, {}));
  CHECK(over_free_space(100 * kGB, need, kId, {}));
}

TEST_CASE("what lies in parts already counts against a quota but not against what is free") {
  SpaceNeed need;
  need.upload(90 * kGB, 0, 80 * kGB);
  CHECK(over_quota({}, need, 89 * kGB, kId, {}));
  CHECK_FALSE(over_free_space(10 * kGB, need, kId, {}));
  const auto refusal = over_free_space(10 * kGB - 1, need, kId, {});
  REQUIRE(refusal);
  CHECK(refusal->message ==
        "the uploads don't fit: they need 10.00 GB more, and the remote says that 10.00 GB are free");
  CHECK(holds(refusal->advice, "\"quota\""));
  CHECK_FALSE(over_free_space(0, need, kId, {kId}));
  CHECK_FALSE(over_free_space(0, uploads({}), kId, {}));
}
