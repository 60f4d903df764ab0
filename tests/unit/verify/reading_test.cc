// Which objects are read back tonight.
#include "verify/reading.h"

#include "support/catch.h"

using namespace outhaul;

namespace {

constexpr std::int64_t kDay = 86'400LL * 1'000'000'000;
constexpr std::int64_t kNow = 20'000 * kDay;

ReadCandidate stored(int id, std::uint64_t size, int days_ago) {
  ReadCandidate made;
  made.object = ObjectId{id};
  made.size = size;
  made.proven_ns = kNow - days_ago * kDay;
  return made;
}
ReadCandidate read(int id, std::uint64_t size, int days_ago) {
  ReadCandidate made = stored(id, size, days_ago);
  made.read_before = true;
  return made;
}

std::vector<int> ids(const std::vector<ReadCandidate>& candidates) {
  std::vector<int> found;
  for (const ReadCandidate& candidate : candidates) found.push_back(static_cast<int>(candidate.object));
  return found;
}
std::vector<int> percent(double share, std::vector<ReadCandidate> candidates) {
  return ids(to_read(std::move(candidates), {ReadChoice::How::percent, share, 0}, kNow));
}
std::vector<int> due(int days, std::vector<ReadCandidate> candidates) {
  return ids(to_read(std::move(candidates), {ReadChoice::How::due, 0, days * kDay}, kNow));
}
using Ids = std::vector<int>;

}  // namespace

TEST_CASE("a share begins with what was never read and goes on with what was read longest ago") {
  const std::vector<ReadCandidate> all{read(1, 10, 3), stored(2, 10, 1), read(3, 10, 9), stored(4, 10, 2)};
  CHECK(percent(25, all) == Ids{4});
  CHECK(percent(26, all) == Ids{4, 2});
  CHECK(percent(75, all) == Ids{4, 2, 3});
  CHECK(percent(100, all) == Ids{4, 2, 3, 1});
  CHECK(percent(0.001, all) == Ids{4});
  CHECK(percent(10, {}).empty());
  CHECK(to_read(all, {}, kNow).empty());
  CHECK(to_read(all, {ReadChoice::How::all, 0, 0}, kNow).size() == 4);
}

TEST_CASE("what is due is the share of the period that went by since the last reading") {
  CHECK(due(10, {stored(1, 10, 1), stored(2, 10, 1), stored(3, 80, 1)}) ==
        Ids{1});  // never read: a day's share
  CHECK(due(10, {read(1, 10, 3), stored(2, 10, 1), stored(3, 10, 1), stored(4, 70, 1)}) ==
        Ids{2, 3, 4});                                       // three days went by: 30 bytes of 100
  CHECK(due(10, {read(1, 50, 0), read(2, 50, 5)}).empty());  // read a moment ago
  CHECK(due(10, {}).empty());
  CHECK(due(10, {read(1, 0, 3), read(2, 0, 20)}) == Ids{2});
}

TEST_CASE("what was neither read nor stored within the period is due whatever the share is") {
  CHECK(due(10, {read(1, 50, 0), read(2, 50, 11), stored(3, 900, 40)}) == Ids{3, 2});
  CHECK(due(10, {stored(1, 5, 1), stored(2, 5, 30), read(3, 5, 30), read(4, 985, 0)}) == Ids{2, 3});
}

TEST_CASE("night by night everything is read within the period") {
  std::vector<ReadCandidate> all;
  for (int i = 0; i < 300; ++i) all.push_back(stored(i, static_cast<std::uint64_t>(1 + i % 7), 0));
  for (ReadCandidate& candidate : all) candidate.proven_ns = kNow;
  std::uint64_t most = 0, total = 0;
  for (const ReadCandidate& candidate : all) total += candidate.size;
  for (int night = 1; night <= 60; ++night) {
    const std::int64_t now = kNow + night * kDay;
    std::uint64_t bytes = 0;
    for (const ReadCandidate& chosen : to_read(all, {ReadChoice::How::due, 0, 30 * kDay}, now)) {
      bytes += chosen.size;
      all[static_cast<std::size_t>(chosen.object)].proven_ns = now;
      all[static_cast<std::size_t>(chosen.object)].read_before = true;
    }
    most = std::max(most, bytes);
    for (const ReadCandidate& candidate : all) CHECK(now - candidate.proven_ns <= 30 * kDay);
  }
  CHECK(most <= total / 30 + 7);
  for (const ReadCandidate& candidate : all) CHECK(candidate.read_before);
}

TEST_CASE("what a clock that was ahead proved is due like what nobody ever proved") {
  const int far_ahead = -4000;
  CHECK(due(10, {read(1, 50, far_ahead), read(2, 50, 1)}) == Ids{1});
  CHECK(due(10, {stored(1, 50, far_ahead), stored(2, 50, 1)}) == Ids{1});
  CHECK(percent(50, {read(1, 50, 3), read(2, 50, far_ahead)}) == Ids{2});
}
