// A source on a disk that isn't mounted tonight, with real mounts where the kernel lets us have some.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

TEST_CASE("pain 1: a disk that is not mounted is refused although a stale copy lies below its mount point") {
  Site site;
  const std::filesystem::path space = site.dir() / "space";
  std::filesystem::create_directories(space);
  site.write("a", "a copy of long ago");
  write_file(site.profile(), fmt::format(R"({{
  "profile": "nightly", "catalog": false, "remote": {{"url": "file://{}"}},
  "jobs": [{{"name": "data", "source": "{}", "target": "data"}}]
}}
)",
                                         space.string(), site.source().string()));
  if (!mounts_are_permitted(site.source())) return;  // unit/job/guard_test.cc replaces the reader
  std::string command;
  for (const std::string& word : site.command({"run", site.profile().string()})) command += " '" + word + "'";
  const std::string source = site.source().string();
  const RunResult result = in_own_namespace(fmt::format(
      "mount -t tmpfs none {0} && echo new > {0}/a && echo more > {0}/b && {1} || exit 50; "
      "mount --bind {0} {0} && {1} || exit 51; umount {0} || exit 52; umount {0} || exit 53; exec {1}",
      source, command));
  INFO(told(result));
  CHECK(result.exit.code == 4);
  CHECK(holds(result.err, {"nothing is mounted there now", "--approve "}));
  CHECK(std::filesystem::exists(space / "data" / "b"));

  const std::string id = result.err.substr(result.err.find("--approve ") + 10, 12);
  CHECK(site.outhaul({"run", site.profile().string(), "--approve", id}).exit.code == 0);
  CHECK(site.outhaul({"run", site.profile().string()}).exit.code == 0);
}
