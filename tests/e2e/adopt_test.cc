// adopt against what real servers list of trees that are there already.
#include <filesystem>
#include <fstream>

#include "site.h"
#include "support/catch.h"

using namespace outhaul::test;
namespace fs = std::filesystem;

TEST_CASE("a tree that lies on the server already is taken over by size and time and only the rest is sent") {
  const ServerKind kind =
      GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd, ServerKind::sshd);
  Site site(kind);
  for (const char* path : {"a", "d/ b [c] {d}", "d/e/.hidden", "d/100%25", "z"})
    site.write(path, std::string("this is ") + path);
  REQUIRE(site.run().exit.code == 0);
  fs::remove_all(site.state_root());  // nobody knows who put it there
  std::ofstream(site.stored() / "z", std::ios::binary | std::ios::trunc) << "another size";
  std::ofstream(site.stored() / "d/stranger", std::ios::binary) << "?";
  site.write("new", "new");

  const RunResult adopted = site.outhaul({"adopt", site.profile().native()});
  INFO(told(adopted));
  REQUIRE(adopted.exit.code == 0);
  CHECK(holds(adopted.out,
              {"took over 4 files", "2 directories", "2 files the next run sends", "data/d/stranger"}));
  const RunResult run = site.run();
  INFO(told(run));
  CHECK(run.exit.code == 0);
  CHECK(holds(run.out, {"uploaded 2 files"}));
  CHECK(fs::remove(site.stored() / "d/stranger"));
  CHECK(site.differences().empty());
  const RunResult proven = site.outhaul({"verify", site.profile().native(), "--read-data"});
  INFO(told(proven));
  CHECK(proven.exit.code == 0);
  CHECK(site.outhaul({"adopt", site.profile().native()}).exit.code == 2);
}
