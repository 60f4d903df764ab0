// verify and run --repair against what real servers list.
#include <filesystem>
#include <fstream>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

void overwrite(const fs::path& file, std::string_view content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

RunResult verify(const Site& site, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"verify", site.profile().native()};
  words.insert(words.end(), more.begin(), more.end());
  return site.outhaul(words);
}

}  // namespace

TEST_CASE("verify finds on every server what was lost and damaged there and the next run mends it") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd,
                                   ServerKind::sshd, ServerKind::pyftpdlib);
  Site site(kind);
  for (const char* path :
       {"kept", "lost", "d/short", "d/other", "d/ a [b] {c}", "gone/x", "gone/deep/y", ".hidden"})
    site.write(path, std::string("this is ") + path);
  const RunResult first = site.run();
  INFO(told(first));
  REQUIRE(first.exit.code == 0);
  const RunResult clean = verify(site, {"--read-data"});
  INFO(told(clean));
  REQUIRE(clean.exit.code == 0);
  CHECK(holds(clean.out, {"8 of 8 files", "read back", "The remote holds what it should."}));

  fs::remove(site.stored() / "lost");
  overwrite(site.stored() / "d/short", "t");
  overwrite(site.stored() / "d/other", "THIS IS D/OTHER");  // 15 bytes, as before
  fs::remove_all(site.stored() / "gone");
  overwrite(site.stored() / "stranger", "?");
  const RunResult found = verify(site, {"--read-data", "--json"});
  INFO(told(found));
  CHECK(found.exit.code == 3);
  CHECK(holds(found.out, {"\"missing\":3", "\"size_differs\":1", "\"content_differs\":1", "\"foreign\":1",
                          "\"recorded\":5", "\"directories_missing\":2"}));
  const RunResult mended = site.run();
  INFO(told(mended));
  CHECK(mended.exit.code == 0);
  CHECK(fs::remove(site.stored() / "stranger"));
  CHECK(site.differences().empty());
  CHECK(verify(site, {"--read-data=50%"}).exit.code == 0);
}

TEST_CASE("run with repair sends again at once what the server has lost") {
  Site site(ServerKind::pureftpd);
  site.write_many("d", 12, 100);
  REQUIRE(site.run().exit.code == 0);
  fs::remove(site.stored() / "d/f003");
  CHECK(site.run().exit.code == 0);
  CHECK_FALSE(fs::exists(site.stored() / "d/f003"));
  const RunResult repaired = site.run({"--repair"});
  INFO(told(repaired));
  CHECK(repaired.exit.code == 0);
  CHECK(site.differences().empty());
  fs::remove_all(site.stored() / "d");
  const RunResult refused = site.run({"--repair"});
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.out, {"12 of 12 files", "--approve"}));
}

TEST_CASE("verify says that a server can't be reached and that a profile never ran") {
  Site site(ServerKind::vsftpd);
  site.write("a", "a");
  site.write_profile();
  CHECK(verify(site).exit.code == 2);
  REQUIRE(site.run().exit.code == 0);
  site.choices.password = R"({"env": "OUTHAUL_NO_SUCH_VARIABLE"})";
  site.write_profile();
  CHECK(verify(site).exit.code == 2);
  const SilentPort nobody;
  site.choices.password.clear();
  CHECK(verify(site, {"--read-data=150%"}).exit.code == 2);
}
