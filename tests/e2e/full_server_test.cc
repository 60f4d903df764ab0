// Nights on space that is all but used up: quotas of real servers, and a disk.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kRoom = 4'000'000;

Site site_with_quota(ServerKind kind) {
  ServerOptions options;
  options.quota = kRoom;
  options.chroot = kind == ServerKind::pureftpd;  // it counts in "/.ftpquota"
  Site site(kind, Tls::none, options);
  site.choices.on_removal = "delete";
  site.choices.retries = 1;
  return site;
}

std::string dump(int day) {
  return std::string(850'000, static_cast<char>('a' + day));
}

int small_ones(const Site& site) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(site.stored()))
    count += entry.path().filename().native().starts_with("small") ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("nightly dumps rotate on space that holds one less than two nights need") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::pureftpd);
  Site site = site_with_quota(kind);
  for (int day = 1; day <= 4; ++day) site.write(fmt::format("dump{}", day), dump(day));
  const RunResult first = site.run();
  INFO(told(first));
  REQUIRE(first.exit.code == 0);
  for (int day = 5; day <= 7; ++day) {
    site.remove(fmt::format("dump{}", day - 4));
    site.write(fmt::format("dump{}", day), dump(day));
    const RunResult result = site.run();
    INFO(told(result));
    CHECK(result.exit.code == 0);
    CHECK(holds(result.err, {"a file that left the source is removed before the uploads"}));
    CHECK(site.differences().empty());
    CHECK(site.parts().empty());
  }
}

TEST_CASE("one file that exceeds the quota costs no small file its place in any night") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::pureftpd);
  Site site = site_with_quota(kind);
  site.write("large", std::string(5'000'000, 'L'));
  int small = 0;
  for (int night = 1; night <= 3; ++night) {
    for (int i = 0; i < 12; ++i)
      site.write(fmt::format("small{:03}", small++), std::string(60'000, static_cast<char>('a' + i)));
    const RunResult result = site.run();
    INFO(night << ": " << told(result));
    CHECK(result.exit.code == 3);
    CHECK(small_ones(site) == small);
    CHECK_FALSE(fs::exists(site.stored() / "large"));
    CHECK(site.parts().empty());
    CHECK(result.err.find("catalog is not") == std::string::npos);
    CHECK(holds(result.err, {"large"}));
  }
}

TEST_CASE("nightly dumps rotate on a disk that is all but full, whether or not it is asked for its space") {
  const std::string quota = GENERATE("", R"(, "quota": "off")");
  Site site;
  const fs::path disk = site.dir() / "disk";
  fs::create_directory(disk);
  if (!mounts_are_permitted(disk)) return;  // unit/job/space_test.cc has a remote that is full
  write_file(site.profile(),
             fmt::format(R"({{"profile": "nightly", "remote": {{"url": "file://{}"{}}}, "jobs": [
  {{"name": "data", "source": "{}", "target": "data", "on_removal": "delete"}}]}})",
                         disk.string(), quota, site.source().string()));
  std::string run;
  for (const std::string& word : site.command({"run", site.profile().string()})) run += " '" + word + "'";
  const RunResult result = in_own_namespace(fmt::format(
      "mount -t tmpfs -o size=4m none {0} && cd {1} && "
      "for day in 1 2 3 4; do head -c 850000 /dev/urandom > dump$day; done; {2}; echo first $?; "
      "for day in 5 6 7; do rm dump$((day - 4)); head -c 850000 /dev/urandom > dump$day; {2}; echo then $?; "
      "diff -r . {0}/data && echo equal; done; "
      "head -c 5000000 /dev/urandom > large; echo small > small; {2}; echo large $?; cat {0}/data/small; "
      "test -e {0}/data/large && echo stored; find {0}/.outhaul/parts -type f | sed 's/^/left over: /'",
      disk.string(), site.source().string(), run));
  INFO(told(result));
  CHECK(holds(result.out, {"first 0", "then 0", "equal", "large 3", "small"}));
  CHECK(result.out.find("then 3") == std::string::npos);
  CHECK(result.out.find("then 4") == std::string::npos);
  CHECK(result.out.find("stored\n") == std::string::npos);
  CHECK(result.out.find("left over") == std::string::npos);
}
