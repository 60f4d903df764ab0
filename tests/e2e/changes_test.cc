// What changed travels, and nothing else.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

struct Where {
  ServerKind kind;
  Tls tls;
};

void first_night(Site& site) {
  site.write("stays", "the same");
  site.write("edited", "before");
  site.write("gone", "1");
  site.write("dir/a", "in dir a");
  site.write("dir/b", "in dir b");
  site.write("file becomes dir", "f");
  site.write("dir becomes file/x", "d");
  const RunResult result = site.run();
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  REQUIRE(site.differences() == std::vector<std::string>{});
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
}

void expect_silence(Site& site) {
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  CHECK(site.run().exit.code == 0);
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

void move_and_look(const Where& where) {
  Site site(where.kind, where.tls);
  site.have_no_catalog("what is sent is counted");
  site.choices.on_removal = "delete";
  first_night(site);
  fs::create_directory(site.source() / "elsewhere");
  fs::rename(site.source() / "stays", site.source() / "elsewhere/new name");
  fs::rename(site.source() / "dir", site.source() / "dir2");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.server().count("RNFR") == 3);
  CHECK(site.server().count("RNTO") == 3);
  CHECK(site.server().count("STOR") == 0);
  CHECK(site.server().count("APPE") == 0);
  expect_silence(site);
}

void edit_and_look(const Where& where) {
  Site site(where.kind, where.tls);
  site.have_no_catalog("what is sent is counted");
  site.choices.on_removal = "delete";
  first_night(site);
  site.write("edited", "after, and longer");
  site.write("new", "n");
  site.remove("gone");
  site.remove("file becomes dir");
  site.write("file becomes dir/inside", "now a directory");
  site.remove("dir becomes file");
  site.write("dir becomes file", "now a file");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.server().count("STOR") == 4);
  CHECK(site.server().count("DELE") == 3);
  CHECK(site.server().count("RMD") == 1);
  expect_silence(site);
}

}  // namespace

TEST_CASE("moved files are renamed on ProFTPD and not sent again") {
  move_and_look({ServerKind::proftpd, Tls::explicit_});
}

TEST_CASE("moved files are renamed on vsftpd and not sent again") {
  move_and_look({ServerKind::vsftpd, Tls::explicit_});
}

TEST_CASE("edits and deletions and changes of type reach ProFTPD") {
  edit_and_look({ServerKind::proftpd, Tls::explicit_});
}

TEST_CASE("edits and deletions and changes of type reach vsftpd") {
  edit_and_look({ServerKind::vsftpd, Tls::explicit_});
}

TEST_CASE("with on_removal keep what left the source stays on the server") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.have_no_catalog("sessions are counted");
  first_night(site);
  site.remove("gone");
  site.remove("dir");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences().size() == 4);  // gone, dir, dir/a, dir/b
  CHECK(read_file(site.stored() / "gone") == "1");
  CHECK(read_file(site.stored() / "dir/b") == "in dir b");
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);  // forgetting needs no network
  CHECK(site.outhaul({"plan", site.profile().string()}).out.find("nothing to do") != std::string::npos);
}

TEST_CASE("a file that took the name of something kept is reported and the old one stays") {
  Site site(ServerKind::vsftpd);
  first_night(site);
  site.remove("dir becomes file");
  site.write("dir becomes file", "now a file");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 3);
  CHECK(holds(result.err, {"dir becomes file", "something that is kept on the remote has its name",
                           "\"on_removal\" is \"keep\""}));
  CHECK(read_file(site.stored() / "dir becomes file/x") == "d");
}

TEST_CASE("an edit that keeps size and time is found by its ctime and sent") {
  Site site(ServerKind::proftpd);
  first_night(site);
  const fs::file_time_type before = fs::last_write_time(site.source() / "edited");
  site.write("edited", "BEFORE");
  fs::last_write_time(site.source() / "edited", before);
  CHECK(site.run().exit.code == 0);
  CHECK(read_file(site.stored() / "edited") == "BEFORE");
}

TEST_CASE("a touched file is compared and not sent") {
  Site site(ServerKind::proftpd);
  site.have_no_catalog("sessions are counted");
  first_night(site);
  fs::permissions(site.source() / "stays", fs::status(site.source() / "stays").permissions());  // moves ctime
  CHECK(site.run().exit.code == 0);
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

TEST_CASE("the server's files carry the modification times of the source") {
  const ServerKind kind =
      GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd, ServerKind::pyftpdlib);
  Site site(kind);
  site.write("old", "o");
  const auto long_ago = fs::last_write_time(site.source() / "old") - std::chrono::hours(24 * 365 * 3);
  const auto whole = std::chrono::floor<std::chrono::seconds>(long_ago);
  fs::last_write_time(site.source() / "old", whole);
  REQUIRE(site.run().exit.code == 0);
  CHECK(fs::last_write_time(site.stored() / "old") == whole);
}
