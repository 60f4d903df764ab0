// adopt against what real servers list of trees that are there already.
#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <fstream>

#include "site.h"
#include "support/catch.h"

using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

std::string escaped_for_url(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += std::isalnum(c) != 0 ? std::string(1, c) : fmt::format("%{:02X}", c);
  return escaped;
}

/// As somebody does who has never heard of outhaul.
RunResult mirror_with_lftp(const Site& site) {
  const fs::path home = site.dir() / "home";
  fs::create_directories(home);
  SpawnOptions options;
  options.env = {{"HOME", home.string()}, {"LC_ALL", "C.UTF-8"}};
  options.cwd = home;
  return run_program(
      {"lftp", "-c",
       fmt::format(
           "set net:max-retries 1; open ftp://{}:{}@127.0.0.1:{}; mkdir -p space; mirror -R {} space/data",
           TestServer::kUser, escaped_for_url(TestServer::kPassword), site.server().port(),
           site.source().string())},
      options);
}

}  // namespace

TEST_CASE("a tree that lies on the server already is taken over by size and time and only the rest is sent") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd,
                                   ServerKind::sshd, ServerKind::pyftpdlib);
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

TEST_CASE("a tree that lftp mirrored is taken over with nothing sent and the next run has nothing to do") {
  Site site(ServerKind::proftpd);
  site.have_no_catalog("sessions are counted");
  for (const char* path : {"plain", "with a space", " two  spaces", "ends with ", ".hidden", ".dir/.inside",
                           "-dash", "caf\xC3\xA9", "\xF0\x9F\x98\x80/\xE6\x97\xA5\xE6\x9C\xAC", "100%",
                           "100%25", "#hash", "a;b", "[1]", "~", "it's", "..dots"})
    site.write(path, fmt::format("the content of {}", path));
  site.write("nothing", "");
  site.write("large", std::string(3'000'000, 'L'));
  site.write_many("many", 50, 300);
  fs::create_directories(site.source() / "an empty directory");
  const RunResult mirrored = mirror_with_lftp(site);
  INFO(told(mirrored));
  REQUIRE(mirrored.exit.code == 0);

  site.write_profile();
  const RunResult looked = site.outhaul({"adopt", site.profile().native(), "--dry-run"});
  INFO(told(looked));
  CHECK(looked.exit.code == 0);
  CHECK_FALSE(fs::exists(site.state_root()));
  const RunResult adopted = site.outhaul({"adopt", site.profile().native()});
  INFO(told(adopted));
  REQUIRE(adopted.exit.code == 0);
  CHECK(holds(adopted.out, {"took over 69 files", "0 files the next run sends"}));
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  const RunResult run = site.run();
  INFO(told(run));
  CHECK(run.exit.code == 0);
  CHECK(site.sessions() == 0);
  const RunResult verified = site.outhaul({"verify", site.profile().native(), "--read-data"});
  INFO(told(verified));
  CHECK(verified.exit.code == 0);
}

TEST_CASE("foreign files are deleted from a real server where the profile says so") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd);
  Site site(kind);
  site.write("a", "1");
  site.write("d/b", "2");
  REQUIRE(site.run().exit.code == 0);
  fs::remove_all(site.state_root());
  fs::create_directories(site.stored() / "old/deep");
  for (const char* name : {"stranger", "d/ an old one", "old/x", "old/deep/.hidden"})
    std::ofstream(site.stored() / name, std::ios::binary) << "?";
  for (const char* dir : {"old", "old/deep"})  // the server's own user is not who runs this
    fs::permissions(site.stored() / dir, fs::perms::all);
  site.choices.job_extra = R"("foreign": "delete")";
  site.choices.top_extra = R"("safety": {"max_delete": 3})";
  site.write_profile();
  const RunResult refused = site.outhaul({"adopt", site.profile().native()});
  INFO(told(refused));
  REQUIRE(refused.exit.code == 4);
  CHECK(holds(refused.out, {"4 of 6 files", "the limit is 3 files", "--approve "}));
  CHECK(fs::exists(site.stored() / "stranger"));
  const std::string id = refused.out.substr(refused.out.find("--approve ") + 10, 12);
  const RunResult approved = site.outhaul({"adopt", site.profile().native(), "--approve", id});
  INFO(told(approved));
  CHECK(approved.exit.code == 0);
  CHECK(holds(approved.out, {"4 files were deleted"}));
  CHECK_FALSE(fs::exists(site.stored() / "old"));
  CHECK(fs::exists(site.space() / ".outhaul"));
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}
