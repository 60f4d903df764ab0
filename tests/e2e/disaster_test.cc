// The machine burned down: source and state are gone. What is left is the profile, and what lies on the
// server.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"
#include "support/walk.h"

using namespace outhaul;
using namespace outhaul::test;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;
constexpr WalkOptions kEverything{.xattrs = true, .holes = true};

void set_time(const fs::path& path, std::int64_t seconds, long nanoseconds) {
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

/// Where the file system has none, none are expected either.
void set_attribute(const fs::path& path, const std::string& value) {
  ::lsetxattr(path.c_str(), "user.outhaul.test", value.data(), value.size(), 0);
}

/// Everything that FTP can store, and all that it can't.
void plant(const Site& site, ServerKind kind) {
  const fs::path top = site.source();
  make_nasty_tree(top);
  for (const std::string& name : nasty_names()) {
    if (keeps_name(kind, name)) continue;  // tests/contract and the scripted server have these
    fs::remove(top / "files" / name);
    fs::remove_all(top / "dirs" / name);
  }
  fs::remove(top / "fifo");  // in no backup
  site.write("rich/one", "a file with three names");
  fs::create_hard_link(top / "rich/one", top / "rich/two");
  fs::create_hard_link(top / "rich/one", top / "dirs/three");
  site.write("rich/edited", "as it was in the first night");
  site.write("rich/removed", "there in the first night only");
  site.write("rich/moved", "moves on in the second night");
  make_sparse_file(top / "rich/holes", 8 << 20);
  ::chmod((top / "rich/one").c_str(), 0640);
  ::chmod((top / "rich").c_str(), 01750);
  for (const char* name : {"rich", "rich/one", "rich/removed"}) set_attribute(top / name, name);
  set_time(top / "rich/removed", -1, 999'999'999);
  set_time(top / "dangling", 4'102'444'800, 1);
  set_time(top / "empty", 1'000'000'000, 123'456'789);
}

void work_a_day(const Site& site) {
  const fs::path top = site.source();
  site.write("rich/edited", "another text in the second night");
  site.write("rich/sub/new", "new");
  fs::remove(top / "rich/removed");
  fs::remove(top / "rich/two");
  fs::rename(top / "rich/moved", top / "rich/sub/moved");
  fs::remove_all(top / "sizes");
  write_file(top / "sizes", "a file where a directory was");
  fs::remove(top / "link");
  fs::create_symlink("rich/edited", top / "link");
  ::chmod((top / "rich/one").c_str(), 0600);
  set_attribute(top / "rich/one", "another value");
  set_time(top / "rich", 1'500'000'000, 5);
}

RunResult expect_done(const RunResult& result) {
  INFO(told(result));
  REQUIRE(result.exit.code == 0);
  return result;
}

void expect_no_difference(const fs::path& expected, const fs::path& found) {
  const RunResult diff = run_program({"diff", "-r", "--no-dereference", expected.string(), found.string()});
  INFO(told(diff));
  CHECK(diff.exit.code == 0);
}

/// A copy for diff(1); the metadata are in the lines of the walk.
void copy_tree(const fs::path& from, const fs::path& to) {
  expect_done(run_program({"cp", "-a", from.string(), to.string()}));
}

void restore(const Site& site, const fs::path& to, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"restore", site.profile().string(), "--to", to.string()};
  words.insert(words.end(), more.begin(), more.end());
  expect_done(site.outhaul(words));
}

std::size_t files_sent(const Site& site) {
  const RunResult run = expect_done(site.run({"--json"}));
  const auto report = nlohmann::json::parse(run.out, nullptr, false);
  REQUIRE(report.is_object());
  const auto& done = report["jobs"][0]["done"];
  return done["files_uploaded"].get<std::size_t>() + done["bytes_sent"].get<std::size_t>() +
         done["moved"].get<std::size_t>() + done["retired"].get<std::size_t>();
}

void everything_comes_back(ServerKind kind, Tls tls) {
  Site site(kind, tls);
  site.choices.on_removal = "retire";
  site.choices.connections = 3;
  site.choices.job_extra = R"("versions": {"last": 5})";
  const fs::path first = site.dir() / "first", second = site.dir() / "second", at_1 = site.dir() / "at 1";
  plant(site, kind);
  const Lines first_walk = walk(site.source(), kEverything);
  copy_tree(site.source(), first);
  expect_done(site.run());
  work_a_day(site);
  const Lines second_walk = walk(site.source(), kEverything);
  expect_done(site.run());

  fs::rename(site.source(), second);
  fs::remove_all(site.state_root());
  expect_done(site.outhaul({"recover", site.profile().string()}));
  restore(site, site.source(), {"--overwrite", "changed"});
  expect_no_difference(second, site.source());
  CHECK(line_differences(second_walk, walk(site.source(), kEverything)) == Lines{});
  restore(site, at_1, {"--at", "1"});
  expect_no_difference(first, at_1);
  CHECK(line_differences(first_walk, walk(at_1, kEverything)) == Lines{});

  CHECK(files_sent(site) == 0);
  CHECK(site.differences() == Lines{});
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  expect_done(site.run());
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.sessions() == 0);
}

}  // namespace

TEST_CASE("source and state are lost and come back from ProFTPD") {
  everything_comes_back(ServerKind::proftpd, Tls::none);
}
TEST_CASE("source and state are lost and come back from ProFTPD over TLS") {
  everything_comes_back(ServerKind::proftpd, Tls::explicit_);
}
TEST_CASE("source and state are lost and come back from vsftpd") {
  everything_comes_back(ServerKind::vsftpd, Tls::none);
}
TEST_CASE("source and state are lost and come back from vsftpd over TLS") {
  everything_comes_back(ServerKind::vsftpd, Tls::explicit_);
}
TEST_CASE("source and state are lost and come back from Pure-FTPd") {
  everything_comes_back(ServerKind::pureftpd, Tls::none);
}
TEST_CASE("source and state are lost and come back from Pure-FTPd over TLS") {
  everything_comes_back(ServerKind::pureftpd, Tls::explicit_);
}
TEST_CASE("source and state are lost and come back from pyftpdlib") {
  everything_comes_back(ServerKind::pyftpdlib, Tls::none);
}
TEST_CASE("source and state are lost and come back from ftp-srv") {
  everything_comes_back(ServerKind::ftp_srv, Tls::none);
}
TEST_CASE("source and state are lost and come back from ftp-srv over TLS") {
  everything_comes_back(ServerKind::ftp_srv, Tls::implicit);
}
TEST_CASE("source and state are lost and come back from sshd") {
  everything_comes_back(ServerKind::sshd, Tls::none);
}
