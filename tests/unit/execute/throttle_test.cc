#include "lanes/throttle.h"

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <thread>

#include "support/catch.h"
#include "unit/execute/disk.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace {

/// Time passes only by waiting, or when the test says so.
class ManualClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return wall_ns; }
  std::chrono::steady_clock::time_point steady() const override { return now; }
  bool wait(std::chrono::milliseconds time, const CancelToken& cancel) override {
    if (cancel.cancelled()) return false;
    pass(time);
    return true;
  }
  void pass(std::chrono::nanoseconds time) {
    now += time;
    wall_ns += time.count();
  }
  std::chrono::steady_clock::time_point now{1000s};
  std::int64_t wall_ns = 0;
};

class Notices final : public EventSink {
 public:
  void on(const Event& event) noexcept override {
    if (const auto* notice = std::get_if<Notice>(&event)) texts.push_back(notice->text);
  }
  std::vector<std::string> texts;
};

/// For as long as it lives, local time is `zone`'s.
class Zone {
 public:
  explicit Zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

class Zeros final : public ByteSource {
 public:
  explicit Zeros(std::uint64_t size) : left_(size) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto got = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    left_ -= got;
    return got;
  }

 private:
  std::uint64_t left_;
};

struct Bench {
  ManualClock clock;
  Notices events;
  CancelToken cancel;
  std::vector<std::byte> buffer = std::vector<std::byte>(512 * 1024);

  std::uint64_t drain(ByteSource& source, std::chrono::seconds time) {
    const auto end = clock.now + time;
    std::uint64_t all = 0;
    while (clock.now < end) {
      const std::size_t got = source.read(buffer);
      all += got;
      if (got == 0) break;
    }
    return all;
  }
};

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kKiB = 1024;

/// 2026-03-29, when Central Europe goes from 02:00 to 03:00, at 01:00 local time.
constexpr std::int64_t kSpring = 1'774'742'400 * kSecond;
constexpr const char* kEurope = "CET-1CEST,M3.5.0,M10.5.0/3";

}  // namespace

TEST_CASE("a throttled source gives what the limit allows and ends without waiting") {
  const std::uint64_t limit = GENERATE(10 * kKiB, 1024 * kKiB);
  Bench bench;
  Throttle throttle({{0, 0, limit}}, bench.clock, bench.events);
  Zeros zeros(40 * limit);
  ThrottledSource source(zeros, throttle, bench.cancel);
  const auto start = bench.clock.now;
  CHECK(bench.drain(source, 1000s) == 40 * limit);
  CHECK(bench.clock.now - start <= 41s);
  CHECK(bench.clock.now - start >= 39s);
  const auto end = bench.clock.now;
  CHECK(source.read(bench.buffer) == 0);
  CHECK(bench.clock.now == end);
}

TEST_CASE("a throttled sink passes everything on and lets the sender wait") {
  Bench bench;
  Throttle throttle({{0, 0, 100 * kKiB}}, bench.clock, bench.events);
  std::size_t got = 0;
  const ByteSink sink = throttled(
      [&](std::span<const std::byte> bytes) {
        got += bytes.size();
        return got < 3 * bench.buffer.size();
      },
      throttle, bench.cancel);
  const auto start = bench.clock.now;
  CHECK(sink(bench.buffer));
  CHECK(sink(bench.buffer));
  CHECK_FALSE(sink(bench.buffer));
  CHECK(got == 3 * bench.buffer.size());
  CHECK(bench.clock.now - start >= 14s);
  CHECK(bench.clock.now - start <= 16s);
}

TEST_CASE("a throttle that waits hears of the end") {
  Bench bench;
  SystemClock real;
  Throttle throttle({{0, 0, 1}}, real, bench.events);
  throttle.pay(1'000'000, bench.cancel);  // the next byte is twelve days away
  std::thread stopper([&] { bench.cancel.cancel(); });
  try {
    throttle.pay(1, bench.cancel);
    FAIL("it did not wait");
  } catch (const RemoteError& error) {
    CHECK(error.failure() == FailureClass::cancelled);
  }
  stopper.join();
}

TEST_CASE("the limit follows the timetable in local time") {
  const Zone zone("UTC");
  Bench bench;
  bench.clock.wall_ns = (7 * 3600 + 59 * 60 + 30) * kSecond;
  Throttle throttle({{8 * 60, 18 * 60, 10 * kKiB}, {0, 0, 100 * kKiB}}, bench.clock, bench.events);
  Zeros zeros(UINT64_MAX);
  ThrottledSource source(zeros, throttle, bench.cancel);
  const std::uint64_t before = bench.drain(source, 30s), after = bench.drain(source, 30s);
  CHECK(before >= 29 * 100 * kKiB);
  CHECK(before <= 31 * 100 * kKiB);
  CHECK(after >= 29 * 10 * kKiB);
  CHECK(after <= 31 * 10 * kKiB);
  CHECK(bench.events.texts == std::vector<std::string>{"bandwidth: at most 100 KiB/s until 08:00",
                                                       "bandwidth: at most 10 KiB/s until 18:00"});
}

TEST_CASE("a limit from two to three o'clock is skipped with the hour and repeated with it") {
  const Zone zone(kEurope);
  const bool spring = GENERATE(true, false);
  Bench bench;
  // In autumn, 2026-10-25, the hour from 02:00 comes twice.
  bench.clock.wall_ns = spring ? kSpring : kSpring + 210LL * 86400 * kSecond - 3600 * kSecond;
  Throttle throttle({{2 * 60, 3 * 60, kKiB}}, bench.clock, bench.events);
  std::uint64_t limited = 0;
  for (int minute = 0; minute < 240; ++minute) {
    limited += throttle.piece() < kKiB ? 1 : 0;
    bench.clock.pass(60s);
  }
  CHECK(limited == (spring ? 0 : 120));
}

TEST_CASE("threads that share a throttle keep its limit together") {
  Bench bench;
  SystemClock real;
  constexpr std::uint64_t kLimit = 64 * 1024 * kKiB;
  Throttle throttle({{0, 0, kLimit}}, real, bench.events);
  std::atomic<std::uint64_t> passed{0};
  const auto start = real.steady();
  std::vector<std::thread> lanes;
  for (int i = 0; i < 4; ++i)
    lanes.emplace_back([&] {
      Zeros zeros(kLimit / 16);
      ThrottledSource source(zeros, throttle, bench.cancel);
      std::vector<std::byte> buffer(64 * kKiB);
      while (const std::size_t got = source.read(buffer)) passed += got;
    });
  for (std::thread& lane : lanes) lane.join();
  const std::chrono::duration<double> took = real.steady() - start;
  CHECK(passed == kLimit / 4);
  CHECK(took.count() >= 0.24);  // never faster than the limit, whatever the machine does
}
