// Versions on the disks of real servers.
#include <fmt/format.h>

#include <map>

#include "e2e/site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> files_below(const fs::path& dir) {
  std::map<std::string, std::string> files;
  if (!fs::exists(dir)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(dir).native()] = read_file(entry.path());
  return files;
}

void replace_remove_and_expire(ServerKind kind, Tls tls) {
  Site site(kind, tls);
  site.choices.on_removal = "retire";
  site.choices.job_extra = R"("versions": {"last": 2})";
  const fs::path versions = site.space() / ".outhaul/versions";
  site.write("edit me", "first");
  site.write("dir/gone*.txt", "gone");
  site.write("stays", "stays");
  REQUIRE(site.run().exit.code == 0);
  const auto written = fs::last_write_time(site.stored() / "edit me");

  site.write("edit me", "second, and longer");
  site.remove("dir");
  const RunResult second = site.run();
  INFO(told(second));
  REQUIRE(second.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(files_below(versions) ==
        std::map<std::string, std::string>{{"2/data/edit me", "first"}, {"2/data/dir/gone%2A.txt", "gone"}});
  CHECK(fs::last_write_time(versions / "2/data/edit me") == written);
  const RunResult then = site.outhaul({"ls", site.profile().string(), "--at", "1"});
  CHECK(then.out == "dir/\ndir/gone*.txt\nedit me\nstays\n");
  const RunResult history = site.outhaul({"history", site.profile().string(), "edit me"});
  CHECK(holds(history.out, {"latest", "--at 1", ".outhaul/versions/2/data/edit me"}));
  CHECK(site.outhaul({"history", site.profile().string(), "never"}).exit.code != 0);

  site.write("edit me", "third");
  const RunResult plan = site.outhaul({"plan", site.profile().string()});
  CHECK(holds(plan.out, {"would let go of 1 run (1)", "would delete 2 versions (9 B)"}));
  CHECK(files_below(versions).size() == 2);
  const RunResult third = site.run();
  INFO(told(third));
  REQUIRE(third.exit.code == 0);
  CHECK(files_below(versions) ==
        std::map<std::string, std::string>{{"3/data/edit me", "second, and longer"}});
  CHECK_FALSE(fs::exists(versions / "2"));
  CHECK(site.differences() == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("what is replaced and removed becomes a version on ProFTPD and expires") {
  replace_remove_and_expire(ServerKind::proftpd, Tls::explicit_);
}

TEST_CASE("what is replaced and removed becomes a version on vsftpd and expires") {
  replace_remove_and_expire(ServerKind::vsftpd, Tls::none);
}

TEST_CASE("what is replaced and removed becomes a version on Pure-FTPd and expires") {
  replace_remove_and_expire(ServerKind::pureftpd, Tls::none);
}

TEST_CASE("what is replaced and removed becomes a version on pyftpdlib and expires") {
  replace_remove_and_expire(ServerKind::pyftpdlib, Tls::none);
}

TEST_CASE("what is replaced and removed becomes a version on ftp-srv and expires") {
  replace_remove_and_expire(ServerKind::ftp_srv, Tls::implicit);
}

TEST_CASE("what is replaced and removed becomes a version on sshd and expires") {
  replace_remove_and_expire(ServerKind::sshd, Tls::none);
}
