// When a file on the remote is the one in the source.
#include "adopt/match.h"

#include "support/catch.h"

using namespace outhaul;
using What = Match::What;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 1'700'000'040;  // a whole one
constexpr std::int64_t kDay = 19'675LL * 86'400;

Entry local(std::string_view path, std::uint64_t size, std::int64_t mtime_s) {
  Entry entry;
  entry.path = RelPath::parse(path);
  entry.size = size;
  entry.mtime_ns = mtime_s * kSecond + 123;
  return entry;
}

What match(const RemoteEntry& there, AdoptCompare compare = AdoptCompare::mtime,
           TimesAre times = TimesAre::seconds) {
  return match_file(local("d/a", 5, kMinute + 30), "a", {{there}, ""}, compare, times).what;
}
RemoteEntry file(std::optional<std::uint64_t> size, std::optional<std::int64_t> mtime,
                 std::string name = "a") {
  return {std::move(name), RemoteEntry::Kind::file, size, mtime};
}

}  // namespace

TEST_CASE("a file is taken for the same by its size and its time as exactly as the listing tells it") {
  struct Row {
    RemoteEntry there;
    AdoptCompare compare;
    What what;
  };
  const std::vector<Row> table{
      {file(5, kMinute + 30), AdoptCompare::mtime, What::same},
      {file(5, kMinute + 32), AdoptCompare::mtime, What::same},
      {file(5, kMinute + 33), AdoptCompare::mtime, What::differs},
      {file(5, kMinute + 30 + 3600), AdoptCompare::mtime, What::differs},
      {file(4, kMinute + 30), AdoptCompare::mtime, What::differs},
      {file(5, std::nullopt), AdoptCompare::mtime, What::differs},
      {file(std::nullopt, kMinute + 30), AdoptCompare::mtime, What::differs},
      {file(5, 0), AdoptCompare::size, What::same},
      {file(5, std::nullopt), AdoptCompare::hash, What::same},
      {file(5, 7), AdoptCompare::read, What::same},
      {file(6, 7), AdoptCompare::read, What::differs},
      {file(5, kMinute + 30, "A"), AdoptCompare::size, What::absent},
      {{"a", RemoteEntry::Kind::directory, 5, kMinute + 30}, AdoptCompare::size, What::differs},
      {{"a", RemoteEntry::Kind::symlink, 5, kMinute + 30}, AdoptCompare::size, What::differs},
  };
  for (std::size_t i = 0; i < table.size(); ++i) {
    INFO("row " << i);
    CHECK(match(table[i].there, table[i].compare) == table[i].what);
  }
}

TEST_CASE("times beyond what nanoseconds hold are the same when both are") {
  const std::int64_t last = INT64_MAX, first = INT64_MIN;
  CHECK(same_time(last, 32'503'680'000, TimesAre::seconds));
  CHECK(same_time(last, last, TimesAre::seconds));
  CHECK(same_time(first, first, TimesAre::seconds));
  CHECK(same_time(first, -11'676'096'000, TimesAre::seconds));
  CHECK_FALSE(same_time(last, kMinute, TimesAre::seconds));
  CHECK_FALSE(same_time(kMinute * kSecond, first, TimesAre::seconds));
  CHECK_FALSE(same_time(first, last, TimesAre::text));
}

TEST_CASE("a time in a text listing is a minute or a day and another zone is a difference") {
  CHECK(same_time((kMinute + 30) * kSecond, kMinute, TimesAre::text));
  CHECK_FALSE(same_time((kMinute + 30) * kSecond, kMinute + 60, TimesAre::text));
  CHECK_FALSE(same_time((kMinute + 30) * kSecond, kMinute + 3600, TimesAre::text));
  CHECK_FALSE(same_time((kMinute + 30) * kSecond, kMinute + 30, TimesAre::text));
  CHECK(same_time((kDay + 50'000) * kSecond, kDay, TimesAre::text));
  CHECK_FALSE(same_time((kDay + 50'000) * kSecond, kDay + 86'400, TimesAre::text));
  CHECK_FALSE(same_time((kDay + 50'000) * kSecond, kDay, TimesAre::seconds));
  CHECK(same_time(-1, -1, TimesAre::seconds));
}

TEST_CASE("a file is found under the name that other tools give it and under ours first") {
  const Entry odd = local("d/100%2A", 5, 0);
  const Listing both{{file(5, 0, "100%252A"), file(6, 0, "100%2A")}, ""};
  CHECK(match_file(odd, "100%252A", both, AdoptCompare::size, TimesAre::text).name == "100%252A");
  const Listing theirs{{file(5, 0, "100%2A")}, ""};
  CHECK(match_file(odd, "100%252A", theirs, AdoptCompare::size, TimesAre::text).name == "100%2A");
}
