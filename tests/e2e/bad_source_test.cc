// Sources and secrets that are not what they should be.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

/// Everything that a failed start must not have done: no login, and the copies as they were.
void expect_untouched(const Site& site) {
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

void first_night(Site& site) {
  site.write("a", "1");
  site.write("d/b", "2");
  const RunResult result = site.run();
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
}

}  // namespace

TEST_CASE("pain 1: a source that is missing is refused by a guard and nothing is removed") {
  Site site(ServerKind::proftpd);
  site.choices.on_removal = "delete";
  first_night(site);
  fs::rename(site.source(), site.dir() / "unmounted");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 4);
  CHECK(holds(result.err, {fmt::format("the source {} is missing", site.source().string()),
                           "mount it or correct the job's \"source\""}));
  expect_untouched(site);
  CHECK(site.stored_files() == 2);
}

TEST_CASE("pain 1: a source that is empty is refused by a guard and can be approved") {
  Site site(ServerKind::proftpd);
  site.choices.on_removal = "delete";
  first_night(site);
  site.remove("a");
  site.remove("d");
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.err, {"is empty, but 2 files were saved from it before", "--approve "}));
  expect_untouched(site);

  const RunResult wrong = site.run({"--approve", "0123456789ab"});
  CHECK(wrong.exit.code == 4);
  CHECK(site.stored_files() == 2);

  const std::size_t at = refused.err.find("--approve ") + 10;
  const std::string id = refused.err.substr(at, 12);
  const RunResult approved = site.run({"--approve", id});
  INFO(told(approved));
  CHECK(approved.exit.code == 0);
  CHECK(site.stored_files() == 0);
}

TEST_CASE("a mass deletion is refused with the limit and how to approve it") {
  Site site(ServerKind::vsftpd);
  site.choices.on_removal = "delete";
  site.choices.top_extra = R"("safety": {"max_delete": 3})";
  site.write_many("many", 10, 100);
  REQUIRE(site.run().exit.code == 0);
  for (int i = 0; i < 4; ++i) site.remove(fmt::format("many/f{:03}", i));
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(
      holds(refused.err, {"4 of 10 files (40.0 %) would be removed from the remote; the limit is 3 files"}));
  CHECK(site.stored_files() == 10);
}

TEST_CASE("a marker that is missing is refused") {
  Site site(ServerKind::proftpd);
  const fs::path marker = site.source() / ".mounted";
  site.choices.top_extra = fmt::format(R"("safety": {{"require": ["{}"]}})", marker.string());
  site.write("a", "1");
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 4);
  CHECK(holds(refused.err, {marker.string(), "must exist before"}));
  expect_untouched(site);
  write_file(marker, "");
  CHECK(site.run().exit.code == 0);
}

TEST_CASE("a source that is a file fails and says so") {
  Site site(ServerKind::proftpd);
  fs::remove(site.source());
  write_file(site.source(), "a file");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 1);
  CHECK(
      holds(result.err, {site.source().string(), "is not a directory", "name the directory that holds it"}));
  expect_untouched(site);
}

TEST_CASE("a source that can not be read fails and says so") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  site.write_profile();
  give_to_nobody(site.source());
  give_to_nobody(site.secret());
  const fs::path copy = site.dir() / "outhaul";  // the build folder may be closed to others
  fs::copy_file(program(), copy);
  fs::permissions(copy, fs::perms(0755));
  fs::create_directory(site.state_root());
  give_to_nobody(site.state_root());
  fs::permissions(site.source(), fs::perms::none);
  const RunResult result = run_program(
      as_nobody({copy.string(), "--state-dir", site.state_root().string(), "run", site.profile().string()}));
  INFO(told(result));
  CHECK(result.exit.code == 1);
  CHECK(holds(result.err, {site.source().string(), "Permission denied"}));
  expect_untouched(site);

  fs::permissions(site.source(), fs::perms::owner_all);
  fs::permissions(site.source() / "a", fs::perms::none);
  site.write("b", "readable");
  give_to_nobody(site.source());
  const RunResult partly = run_program(
      as_nobody({copy.string(), "--state-dir", site.state_root().string(), "run", site.profile().string()}));
  INFO(told(partly));
  CHECK(partly.exit.code == 3);
  CHECK(holds(partly.err, {"can't read \"a\": Permission denied"}));
  CHECK(read_file(site.stored() / "b") == "readable");
}

TEST_CASE("a secret file that others can read is refused before the server is asked") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  fs::permissions(site.secret(), fs::perms(0644));
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.err,
              {site.secret().string(), "group or others can read or change it (mode 0644)", "chmod 600"}));
  expect_untouched(site);
}

TEST_CASE("a password variable that is not set is named before the server is asked") {
  Site site(ServerKind::proftpd);
  site.choices.password = R"({"env": "OUTHAUL_E2E_PASSWORD"})";
  site.write("a", "1");
  const RunResult result =
      site.run({}, {.env = {}, .unset = {"OUTHAUL_E2E_PASSWORD"}, .cwd = {}, .input = {}});
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.err, {"the environment variable OUTHAUL_E2E_PASSWORD is not set"}));
  expect_untouched(site);
  SpawnOptions with;
  with.env["OUTHAUL_E2E_PASSWORD"] = TestServer::kPassword;
  CHECK(site.run({}, with).exit.code == 0);
}

TEST_CASE("passwords from a command and from netrc reach the server") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.write("a", "1");
  site.choices.password = fmt::format(R"({{"command": ["cat", "{}"]}})", site.secret().string());
  CHECK(site.run().exit.code == 0);
  const fs::path netrc = site.dir() / "netrc";
  write_file(netrc, fmt::format("machine 127.0.0.1 login {} password \"{}\"\n", TestServer::kUser,
                                TestServer::kPassword));
  fs::permissions(netrc, fs::perms::owner_read | fs::perms::owner_write);
  site.choices.password = fmt::format(R"({{"netrc": "{}"}})", netrc.string());
  site.write("b", "2");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences().empty());
}
