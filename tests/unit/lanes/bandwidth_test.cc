#include "lanes/bandwidth.h"

#include <algorithm>
#include <vector>

#include "support/catch.h"

using namespace outhaul;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * 1024;

constexpr int at(int hour, int minute = 0) {
  return hour * 60 + minute;
}

/// Something with bytes to send, in files of `file` bytes (0: one that never ends).
struct Sender {
  std::uint64_t file = 0;
  std::uint64_t sent = 0, files = 0, in_file = 0;
  Pacer::Time ready{}, finished{};
  std::size_t want(const Pacer& pacer) const {
    return file == 0 ? pacer.piece() : std::min<std::uint64_t>(pacer.piece(), file - in_file);
  }
  void took(std::size_t bytes, Pacer::Time now) {
    sent += bytes;
    in_file += bytes;
    if (file == 0 || in_file < file) return;
    in_file = 0;
    ++files;
    finished = now;
  }
};

/// Plays lanes on one thread: who is ready first books first. Ends when the next one would be ready after
/// `end`.
void play(Pacer& pacer, std::vector<Sender>& senders, Pacer::Time end) {
  for (;;) {
    Sender& next = *std::min_element(senders.begin(), senders.end(),
                                     [](const Sender& a, const Sender& b) { return a.ready < b.ready; });
    if (next.ready >= end) return;
    const std::size_t bytes = next.want(pacer);
    const Pacer::Time now = next.ready;
    next.ready = std::max(now, pacer.book(bytes, now));
    next.took(bytes, next.ready);
  }
}

std::uint64_t total(const std::vector<Sender>& senders) {
  std::uint64_t bytes = 0;
  for (const Sender& sender : senders) bytes += sender.sent;
  return bytes;
}

}  // namespace

TEST_CASE("the first rule that holds at a time gives the limit") {
  const std::vector<BandwidthRule> rules{
      {at(12), at(13), 900}, {at(8), at(18), 500}, {at(22), at(6), 0}, {0, 0, 100}};
  struct Row {
    int minute;
    std::uint64_t limit;
  };
  const std::vector<Row> rows{{at(8), 500},      {at(7, 59), 100}, {at(11, 59), 500}, {at(12), 900},
                              {at(12, 59), 900}, {at(13), 500},    {at(17, 59), 500}, {at(18), 100},
                              {at(21, 59), 100}, {at(22), 0},      {at(23, 59), 0},   {0, 0},
                              {at(5, 59), 0},    {at(6), 100}};
  for (const Row& row : rows) {
    INFO(row.minute / 60 << ":" << row.minute % 60);
    CHECK(limit_at(rules, row.minute) == row.limit);
  }
  CHECK(limit_at({}, at(12)) == 0);
}

TEST_CASE("the next change of the limit is found across midnight and rules without effect") {
  const std::vector<BandwidthRule> day{{at(8), at(18), 500}};
  CHECK(next_change(day, at(8)) == at(18));
  CHECK(next_change(day, at(17, 59)) == at(18));
  CHECK(next_change(day, at(18)) == at(8));
  CHECK(next_change(day, at(23, 59)) == at(8));
  const std::vector<BandwidthRule> night{{at(22), at(6), 7}, {at(6), at(9), 7}};
  CHECK(next_change(night, at(23)) == at(9));  // at six only the rule is another one
  CHECK(next_change(night, at(9)) == at(22));
  const std::vector<BandwidthRule> always{{0, 0, 500}};
  CHECK(next_change(always, at(3)) == std::nullopt);
  CHECK(next_change({}, at(3)) == std::nullopt);
}

TEST_CASE("whatever the limit and the lanes half a minute holds the limit's bytes") {
  const std::uint64_t limit =
      GENERATE(std::uint64_t{1}, 100, 10 * kKiB, 500 * kKiB, kMiB, 8 * kMiB, 900 * kMiB);
  const std::size_t lanes = GENERATE(std::size_t{1}, 2, 4, 64);
  const Pacer::Time start{100s};
  Pacer pacer;
  pacer.set_limit(limit, start);
  std::vector<Sender> senders(lanes);
  for (Sender& sender : senders) sender.ready = start;
  play(pacer, senders, start + 30s);
  INFO(limit << " bytes/s over " << lanes << " lanes");
  // Every lane may hold one piece whose time hasn't come.
  CHECK(total(senders) >= 30 * limit - pacer.piece());
  CHECK(total(senders) <= 30 * limit + limit / 1000 + (lanes + 1) * pacer.piece());
  for (const Sender& sender : senders) CHECK(sender.sent + 2 * pacer.piece() >= 30 * limit / lanes);
}

TEST_CASE("a huge file does not starve small ones on another lane") {
  const Pacer::Time start{100s};
  Pacer pacer;
  pacer.set_limit(100 * kKiB, start);
  std::vector<Sender> senders(2);
  senders[1].file = 2 * kKiB;
  for (Sender& sender : senders) sender.ready = start;
  play(pacer, senders, start + 30s);
  // A small file waits for one piece of the huge one at most: 5 KiB and 2 KiB take turns.
  CHECK(senders[1].files >= 400);
  CHECK(total(senders) >= 29 * 100 * kKiB);
}

TEST_CASE("nobody waits long for a piece however small the limit") {
  for (const std::uint64_t limit : {std::uint64_t{1}, std::uint64_t{100}, 10 * kKiB, 8 * kMiB}) {
    const Pacer::Time start{100s};
    Pacer pacer;
    pacer.set_limit(limit, start);
    pacer.book(pacer.piece(), start);
    CHECK(pacer.book(pacer.piece(), start) - start <= 1s);
    if (limit >= 100) CHECK(pacer.book(pacer.piece(), start) - start <= 101ms);
  }
}

TEST_CASE("an idle minute is not made up for by a burst") {
  const Pacer::Time start{100s};
  Pacer pacer;
  pacer.set_limit(kMiB, start);
  pacer.book(kMiB, start);
  std::vector<Sender> senders(1);
  senders[0].ready = start + 60s;
  play(pacer, senders, start + 61s);
  CHECK(senders[0].sent <= kMiB + kMiB / 2 + 2 * pacer.piece());
}

TEST_CASE("a thread that oversleeps makes it up") {
  const Pacer::Time start{100s};
  Pacer pacer;
  pacer.set_limit(kMiB, start);
  std::uint64_t sent = 0;
  for (Pacer::Time now = start; now < start + 30s;) {
    sent += pacer.piece();
    now = std::max(now, pacer.book(pacer.piece(), now)) + 37ms;
  }
  CHECK(sent >= 30 * kMiB - kMiB);
  CHECK(sent <= 30 * kMiB + 2 * pacer.piece());
}

TEST_CASE("a limit that begins or ends counts from that moment") {
  const Pacer::Time start{100s};
  Pacer pacer;
  CHECK(pacer.book(100 * kMiB, start) == start);  // no limit
  pacer.set_limit(10, start);
  pacer.book(1000, start);
  CHECK(pacer.book(1, start) == start + 100s);
  pacer.set_limit(10, start + 1s);  // the same: nothing is forgiven
  CHECK(pacer.book(1, start + 1s) > start + 100s);
  pacer.set_limit(20, start + 2s);
  CHECK(pacer.book(1, start + 2s) == start + 2s);
  pacer.set_limit(0, start + 3s);
  CHECK(pacer.book(kMiB, start + 3s) == start + 3s);
}
