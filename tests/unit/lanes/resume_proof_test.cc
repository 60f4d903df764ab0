#include "lanes/resume_proof.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * 1024, kGiB = 1024 * kMiB;

using Ranges = std::vector<ByteRange>;

Ranges ranges(std::uint64_t size, const std::vector<std::uint64_t>& joins) {
  return ranges_to_prove(size, joins);
}

}  // namespace

TEST_CASE("a small file that was gone on with is read back whole") {
  CHECK(ranges(0, {}).empty());
  CHECK(ranges(1, {}) == Ranges{{0, 1}});
  CHECK(ranges(300'000, {150'000}) == Ranges{{0, 300'000}});
  CHECK(ranges(kMiB, {1}) == Ranges{{0, kMiB}});
}

TEST_CASE(
    "of a large file its head and the join and its end are read back and the middle of what was there") {
  CHECK(ranges(64 * kMiB, {40 * kMiB}) == Ranges{{0, 64 * kKiB},
                                                 {20 * kMiB - 32 * kKiB, 20 * kMiB + 32 * kKiB},
                                                 {40 * kMiB - 64 * kKiB, 40 * kMiB + 64 * kKiB},
                                                 {64 * kMiB - 64 * kKiB, 64 * kMiB}});
  CHECK(ranges(64 * kMiB, {}) == Ranges{{0, 64 * kKiB}, {64 * kMiB - 64 * kKiB, 64 * kMiB}});
}

TEST_CASE("what lies close together is read back in one go") {
  CHECK(ranges(10 * kGiB, {10 * kGiB - 100 * kKiB}) == Ranges{{0, 64 * kKiB},
                                                              {5 * kGiB - 82 * kKiB, 5 * kGiB - 18 * kKiB},
                                                              {10 * kGiB - 164 * kKiB, 10 * kGiB}});
  CHECK(ranges(10 * kMiB, {kMiB}) == Ranges{{0, kMiB + 64 * kKiB}, {10 * kMiB - 64 * kKiB, 10 * kMiB}});
}

TEST_CASE("a join that is none or lies beyond the end asks for nothing") {
  CHECK(ranges(64 * kMiB, {0, 65 * kMiB}) == ranges(64 * kMiB, {}));
  CHECK(ranges(64 * kMiB, {64 * kMiB}).back() == ByteRange{64 * kMiB - 64 * kKiB, 64 * kMiB});
}
