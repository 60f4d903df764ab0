#include "scan/hand_over.h"

#include <new>
#include <thread>

#include "base/cancel.h"
#include "outhaul/error.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

void put(HandOver& hand_over, std::uint64_t number) {
  ScanItem& slot = hand_over.slot();
  if (number % 10 == 0) {
    slot = ScanProblem{{}, ScanProblem::Kind::special, std::to_string(number)};
  } else {
    Entry entry;
    entry.inode = number;
    slot = std::move(entry);
  }
  hand_over.push();
}

std::uint64_t number_of(const ScanItem& item) {
  if (const auto* problem = std::get_if<ScanProblem>(&item)) return std::stoul(problem->message);
  return std::get<Entry>(item).inode;
}

}  // namespace

TEST_CASE("items arrive in order and the producer's error behind the last one") {
  HandOver hand_over;
  const CancelToken cancel;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < 10'000; ++i) put(hand_over, i);
    hand_over.close(std::make_exception_ptr(std::bad_alloc()));
  });
  ScanItem item;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    REQUIRE(hand_over.next(item, cancel));
    REQUIRE(number_of(item) == i);
  }
  CHECK_THROWS_AS(hand_over.next(item, cancel), std::bad_alloc);
  producer.join();
}

TEST_CASE("the end is the end however often it is asked for") {
  HandOver hand_over;
  const CancelToken cancel;
  put(hand_over, 7);
  hand_over.close(nullptr);
  ScanItem item;
  CHECK(hand_over.next(item, cancel));
  CHECK_FALSE(hand_over.next(item, cancel));
  CHECK_FALSE(hand_over.next(item, cancel));
}

TEST_CASE("a consumer gets away from a producer that hangs when it is cancelled") {
  HandOver hand_over;
  CancelToken cancel;
  std::thread canceller([&] { cancel.cancel(); });
  ScanItem item;
  CHECK_THROWS_AS(hand_over.next(item, cancel), Error);
  canceller.join();
}

TEST_CASE("a producer that nobody reads is stopped") {
  HandOver hand_over;
  bool stopped = false;
  std::thread producer([&] {
    try {
      for (std::uint64_t i = 0;; ++i) put(hand_over, i);
    } catch (const HandOver::Stopped&) {
      stopped = true;
    }
    hand_over.close(nullptr);
  });
  hand_over.stop();
  producer.join();
  CHECK(stopped);
}
