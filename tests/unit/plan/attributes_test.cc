// Who is asked for extended attributes, and for whom the state vouches.
#include "plan/attributes.h"

#include "plan/diff.h"
#include "support/catch.h"
#include "unit/plan/trees.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTick = 20'000'000;

Entry changed_at(std::int64_t ctime_ns) {
  return with(file("e"), [&](Entry& e) { e.ctime_ns = ctime_ns; });
}

/// Gives entries without attributes, and notes who is asked for them.
class LateScan final : public ScanStream {
 public:
  explicit LateScan(std::vector<Entry> entries) : entries_(std::move(entries)) {}
  bool next(ScanItem& item) override {
    if (at_ == entries_.size()) return false;
    item = entries_[at_++];
    std::get<Entry>(item).xattrs.clear();
    return true;
  }
  void complete(Entry& entry, const std::function<void(ScanProblem&&)>& problem) override {
    asked.push_back(entry.path.bytes());
    entry.xattrs = entries_[at_ - 1].xattrs;
    if (entry.path.bytes() == "unreadable") problem({entry.path, ScanProblem::Kind::unreadable_xattr, "no"});
  }
  Lines asked;

 private:
  std::vector<Entry> entries_;
  std::size_t at_ = 0;
};

Entry holding(Entry entry, const std::string& value) {
  entry.xattrs = {{"user.of", value}};
  return entry;
}

struct Found {
  Lines asked, changed;
  std::vector<std::vector<Xattr>> attributes;
  std::size_t problems = 0;
};

Found late_diff(std::vector<Entry> now, std::vector<Entry> before,
                std::optional<std::int64_t> known_ns = 10 * kSecond) {
  LateScan scan(std::move(now));
  ListedState state(std::move(before));
  PlanPolicy policy = removing();
  policy.attributes_known_ns = known_ns;
  Found found;
  const ChangeSink sink{[&](Change&& change) {
                          found.changed.push_back(change.now.path.bytes());
                          found.attributes.push_back(change.now.xattrs);
                        },
                        [&](ScanProblem&&) { ++found.problems; },
                        {}};
  diff(scan, state, policy, sink);
  found.asked = scan.asked;
  return found;
}

}  // namespace

TEST_CASE("the state vouches for attributes where inode and ctime are as recorded and old enough") {
  struct Row {
    std::int64_t ctime_ns, known_ns;
    bool vouches;
  };
  const auto row = GENERATE(values<Row>({
      {5 * kSecond + 1, 9 * kSecond, true},
      {5 * kSecond + 1, 5 * kSecond + 1 + kTick, false},  // perhaps the same tick
      {5 * kSecond + 1, 5 * kSecond + 2 + kTick, true},
      {5 * kSecond + 1, 5 * kSecond, false},  // after it was asked
      {5 * kSecond, 6 * kSecond, false},      // a file system that counts seconds, or two of them
      {5 * kSecond, 7 * kSecond, false},
      {5 * kSecond, 7 * kSecond + 1, true},
      {-5 * kSecond, 0, true},
      {-1, 0, false},
  }));
  INFO(row.ctime_ns << " known at " << row.known_ns);
  const Entry entry = changed_at(row.ctime_ns);
  CHECK(vouches_for_attributes(stored(entry), entry, row.known_ns) == row.vouches);
}

TEST_CASE(
    "the state vouches for nothing that has another kind or inode or ctime and the device is no matter") {
  const Entry base = changed_at(5 * kSecond + 1);
  const auto vouches = [&](auto change) {
    return vouches_for_attributes(stored(base), with(base, change), 9 * kSecond);
  };
  CHECK_FALSE(vouches([](Entry& e) { e.kind = EntryKind::symlink; }));
  CHECK_FALSE(vouches([](Entry& e) { e.inode += 1; }));
  CHECK_FALSE(vouches([](Entry& e) { e.ctime_ns += 1; }));
  CHECK_FALSE(vouches([](Entry& e) { e.ctime_ns -= 1; }));
  CHECK(vouches([](Entry& e) { e.dev += 1; }));
  CHECK(vouches([](Entry& e) { e.mode ^= 1; }));
}

TEST_CASE("only what is new or changed is asked for attributes and the rest has those of the state") {
  const auto touched = [](Entry& e) { e.ctime_ns += 1; };
  const Found found = late_diff({holding(file("a"), "not looked at"), with(holding(file("b"), "2"), touched),
                                 holding(dir("c"), "not looked at"), holding(dir("n"), "new"), symlink("s")},
                                {holding(stored(file("a")), "1"), holding(stored(file("b")), "1"),
                                 holding(dir("c"), "1"), stored(file("gone")), symlink("s")});
  CHECK(found.asked == Lines{"b", "n"});
  CHECK(found.changed == Lines{"b", "", "n"});
  CHECK(found.attributes.at(0) == std::vector<Xattr>{{"user.of", "2"}});
  CHECK(found.attributes.at(2) == std::vector<Xattr>{{"user.of", "new"}});
}

TEST_CASE("another change of an entry that the state vouches for keeps its attributes") {
  const Found found =
      late_diff({with(file("a"), [](Entry& e) { e.user = "bob"; })}, {holding(stored(file("a")), "1")});
  CHECK(found.asked == Lines{});
  CHECK(found.changed == Lines{"a"});
  CHECK(found.attributes.at(0) == std::vector<Xattr>{{"user.of", "1"}});
}

TEST_CASE("what changed while the state was brought up to date is asked once more") {
  const Found found = late_diff({holding(file("a"), "2")}, {holding(stored(file("a")), "1")}, 2 * kSecond);
  CHECK(found.asked == Lines{"a"});
  CHECK(found.changed == Lines{"a"});
}

TEST_CASE("a state that knows no attributes lets everything be asked") {
  const Found found = late_diff({file("a"), file("unreadable")}, {stored(file("a"))}, std::nullopt);
  CHECK(found.asked == Lines{"a", "unreadable"});
  CHECK(found.problems == 1);
}
