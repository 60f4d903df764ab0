// Backups over SFTP, to a real sshd, through the program.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>

#include "base/fd.h"
#include "site.h"
#include "support/catch.h"
#include "support/sshd.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLong = std::uint64_t{192} << 20;

/// A run in the middle of a long upload, and a server that answers nothing any more.
Process stuck_in_upload(Site& site) {
  make_sparse_file(site.source() / "long", kLong);
  site.write("small", "s");
  Process run = site.start();
  REQUIRE(eventually([&] { return site.part_bytes() > 4'000'000; }, 30s));
  site.server().freeze();
  REQUIRE(site.part_bytes() < kLong);
  return run;
}

std::string line_of(const Site& site, const char* key) {
  const std::string pub = read_file(site.server().keys() / key);
  return fmt::format("[127.0.0.1]:{} {}", site.server().port(),
                     pub.substr(0, pub.find(' ', pub.find(' ') + 1)));
}

}  // namespace

TEST_CASE("over SFTP what changed travels and a run without changes is silent") {
  Site site(ServerKind::sshd);
  site.choices.on_removal = "delete";
  site.write("stays", "the same");
  site.write("edited", "before");
  site.write("gone", "1");
  site.write("dir/a", "in dir a");
  site.write("file becomes dir", "f");
  site.write("dir becomes file/x", "d");
  site.write("names/quote\"s 'n back\\slash $HOME #1", "q");
  site.write("names/-dash", "d");
  site.write("names/~tilde ", "t");
  site.write("names/new\nline *", "n");
  site.write_many("many", 40, 3000);
  const RunResult first = site.run();
  INFO(told(first));
  REQUIRE(first.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());

  site.write("edited", "after, and longer");
  site.remove("gone");
  site.remove("file becomes dir");
  site.write("file becomes dir/x", "now below");
  site.remove("dir becomes file");
  site.write("dir becomes file", "now a file");
  fs::rename(site.source() / "dir", site.source() / "moved");
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  const RunResult second = site.run();
  INFO(told(second));
  CHECK(second.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
  CHECK(second.out.find("moved 1") != std::string::npos);

  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  CHECK(site.run().exit.code == 0);
  CHECK(site.server().commands().empty());
}

TEST_CASE("pain 5: over SFTP an upload goes on after a cut and after kill -9") {
  for (const bool killed : {false, true}) {
    CAPTURE(killed);
    Site site(ServerKind::sshd);
    site.choices.retries = 5;
    Process run = stuck_in_upload(site);
    if (killed) run.signal(SIGKILL);
    site.server().drop_sessions();
    site.server().thaw();
    std::string said;
    if (killed) {
      REQUIRE(run.wait(5s));
      const RunResult rest = site.run();
      said = rest.out + rest.err;
      CHECK(rest.exit.code == 0);
    } else {
      const auto exit = run.wait(60s);
      said = site.output();
      REQUIRE(exit);
      CHECK(exit->code == 0);
    }
    INFO(said);
    CHECK(said.find("resumed") != std::string::npos);
    CHECK(site.differences() == std::vector<std::string>{});
    CHECK(site.parts().empty());
  }
}

TEST_CASE("a wrong SFTP password is tried once and named") {
  Site site(ServerKind::sshd);
  site.write("f", "x");
  write_file(site.secret(), "wrong: secret\n");
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(holds(result.out + result.err, {"refused the login of user \"tester\"", "once only"}));
  CHECK((result.out + result.err).find("wrong: secret") == std::string::npos);
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.server().count("PASS") == 1);
}

TEST_CASE("an unknown SFTP server is refused until its line is in known_hosts") {
  Site site(ServerKind::sshd);
  site.write("f", "x");
  const fs::path home = site.dir() / "home";
  fs::create_directories(home / ".ssh");
  SpawnOptions around;
  around.env["HOME"] = home.string();
  site.choices.ssh = "{}";
  const RunResult refused = site.run({}, around);
  INFO(told(refused));
  CHECK(refused.exit.code == 5);
  const std::string said = refused.out + refused.err;
  const bool ecdsa = said.find(line_of(site, "host_ecdsa.pub")) != std::string::npos;
  const char* key = ecdsa ? "host_ecdsa.pub" : "host_ed25519.pub";
  CHECK(holds(said, {line_of(site, key),
                     ssh_fingerprint(TestServer::unpacked(ServerKind::sshd), site.server().keys() / key),
                     (home / ".ssh/known_hosts").string()}));
  CHECK(site.server().count("PASS") == 0);
  write_file(home / ".ssh/known_hosts", line_of(site, key) + "\n");
  const RunResult taken = site.run({}, around);
  INFO(told(taken));
  CHECK(taken.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
}

TEST_CASE("an SFTP server with another key than the pinned one shows the pin that it has") {
  Site site(ServerKind::sshd);
  site.write("f", "x");
  site.choices.ssh = R"({"host_key": "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})";
  const RunResult refused = site.run();
  INFO(told(refused));
  CHECK(refused.exit.code == 5);
  const std::string said = refused.out + refused.err;
  const std::size_t at = said.find("\"host_key\": \"sha256:");
  REQUIRE(at != std::string::npos);
  CHECK(site.server().count("PASS") == 0);
  site.choices.ssh = "{" + said.substr(at, said.find('"', at + 13) + 1 - at) + "}";
  const RunResult taken = site.run();
  INFO(told(taken));
  CHECK(taken.exit.code == 0);
}

TEST_CASE("an SFTP key with a passphrase logs in without a password") {
  Site site(ServerKind::sshd);
  site.write("f", "x");
  make_ssh_key(TestServer::unpacked(ServerKind::sshd), site.dir() / "key", "ed25519", "open it");
  write_file(site.server().keys() / "authorized_keys", read_file(site.dir() / "key.pub"));
  write_file(site.dir() / "phrase", "open it\n");
  fs::permissions(site.dir() / "phrase", fs::perms::owner_read | fs::perms::owner_write);
  site.choices.password = R"({"env": "NOT_SET"})";
  const std::string known = (site.server().keys() / "known_hosts").string();
  site.choices.ssh = fmt::format(R"({{"known_hosts": "{}", "key": "{}", "passphrase": {{"file": "{}"}}}})",
                                 known, (site.dir() / "key").string(), (site.dir() / "phrase").string());
  SpawnOptions around;
  around.env["NOT_SET"] = "no such password";
  const RunResult result = site.run({}, around);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.server().count("PASS") == 0);
  CHECK(site.differences() == std::vector<std::string>{});
}

namespace {

/// A port that nobody has; somebody may take it, but on loopback hardly anybody does.
std::uint16_t free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

bool takes_connections(std::uint16_t port) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

TEST_CASE("a server behind a jump host is reached by way of ssh -D and its own key is what counts") {
  Site site(ServerKind::sshd);
  site.write_many("d", 5, 100'000);
  const fs::path home = TestServer::unpacked(ServerKind::sshd);
  const std::string keys = site.server().keys().string();
  const std::uint16_t port = free_port();
  SpawnOptions around;
  around.env = {{"LD_LIBRARY_PATH", (home / "libs").string()}};
  Process jump = Process::start(
      {(home / "usr/bin/ssh").string(), "-F", "none", "-N", "-D", fmt::format("127.0.0.1:{}", port), "-i",
       keys + "/user_ed25519", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
       "ExitOnForwardFailure=yes", "-o", "UserKnownHostsFile=" + keys + "/known_hosts", "-p",
       std::to_string(site.server().port()), std::string(TestServer::kUser) + "@127.0.0.1"},
      around, site.dir() / "jump.log");
  REQUIRE(eventually([&] { return takes_connections(port) || jump.try_wait(); }));
  INFO(read_file(site.dir() / "jump.log"));
  REQUIRE_FALSE(jump.try_wait());
  site.choices.remote_extra = fmt::format(R"("proxy": "socks5h://127.0.0.1:{}")", port);
  const RunResult through = site.run();
  INFO(told(through));
  CHECK(through.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});

  jump.kill_group();
  site.write("later", "1");
  const RunResult without = site.run();
  INFO(told(without));
  CHECK(without.exit.code == 5);
  CHECK(holds(without.out + without.err, {fmt::format("socks5h://127.0.0.1:{}", port)}));
  CHECK_FALSE(fs::exists(site.stored() / "later"));
}
