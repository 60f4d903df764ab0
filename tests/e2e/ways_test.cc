// Ways to a server, through the program: proxies, active mode, names, credentials.
#include <fmt/format.h>
#include <sys/stat.h>

#include "site.h"
#include "support/catch.h"
#include "support/test_proxy.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

void write_secret(const fs::path& path, const std::string& text) {
  write_file(path, text);
  ::chmod(path.c_str(), 0600);
}

RunResult mirror(const Site& site, std::vector<std::string> more) {
  std::vector<std::string> words{"mirror", site.source().string(), site.server().url() + "/space"};
  words[2].insert(words[2].find("//") + 2, std::string(TestServer::kUser) + "@");
  words.insert(words.end(), {"--tls-off", "--password-file", site.secret().string()});
  words.insert(words.end(), more.begin(), more.end());
  return site.outhaul(words);
}

}  // namespace

TEST_CASE("a run goes through the proxy that the profile names") {
  const TestProxy proxy({"me", "let me out", {}});
  Site site(ServerKind::vsftpd, Tls::explicit_);
  site.write_many("d", 5, 1000);
  write_secret(site.dir() / "proxy.secret", "let me out\n");
  const std::string url = fmt::format("http://me@127.0.0.1:{}", proxy.port());
  site.choices.remote_extra =
      fmt::format(R"("proxy": {{"url": "{}", "password": {{"file": "proxy.secret"}}}})", url);
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences().empty());
  CHECK(proxy.tunnels().size() >= 7);
}

TEST_CASE("a wrong proxy password ends the run with the proxy's name") {
  const TestProxy proxy({"me", "right", {}});
  Site site(ServerKind::vsftpd);
  site.write("a", "1");
  write_secret(site.dir() / "proxy.secret", "hunter2\n");
  site.choices.remote_extra = fmt::format(
      R"("proxy": {{"url": "socks5h://me@127.0.0.1:{}", "password": {{"file": "proxy.secret"}}}})",
      proxy.port());
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(holds(result.out + result.err, {proxy.url("socks5h"), "refused the login of user \"me\""}));
  CHECK((result.out + result.err).find("hunter2") == std::string::npos);
}

TEST_CASE("active mode stores a tree, and is refused with TLS before anything is sent") {
  Site site(ServerKind::proftpd);
  site.write_many("d", 5, 1000);
  site.choices.remote_extra = R"("mode": "active")";
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences().empty());

  Site secured(ServerKind::proftpd, Tls::explicit_);
  secured.write("a", "1");
  secured.choices.remote_extra = R"("mode": "active")";
  secured.write_profile();
  const RunResult check = secured.outhaul({"check", secured.profile().string()});
  INFO(told(check));
  if (check.exit.code == 0) return;  // a libcurl that does it right
  CHECK(check.exit.code == 2);
  CHECK(holds(check.err, {"\"mode\": \"active\" with TLS", "\"passive\""}));
  CHECK(secured.run().exit.code == 2);
  CHECK(secured.sessions() == 0);
}

TEST_CASE("names go over in the server's character set and as Windows holds them") {
  Site site(ServerKind::vsftpd);
  site.write("caf\xC3\xA9/a:b", "1");
  site.write("\xE2\x82\xAC.", "2");
  site.write("nul", "3");
  site.choices.remote_extra = R"("encoding": "ISO-8859-1", "names": "windows")";
  const RunResult first = site.run();
  INFO(told(first));
  CHECK(first.exit.code == 0);
  CHECK(read_file(site.stored() / "caf\xE9/a%3Ab") == "1");
  CHECK(read_file(site.stored() / "%E2%82%AC%2E") == "2");
  CHECK(read_file(site.stored() / "%6Eul") == "3");
  REQUIRE(site.server().wait_for_no_sessions());
  site.server().forget_commands();
  CHECK(site.run().exit.code == 0);
  CHECK(site.sessions() == 0);

  site.choices.remote_extra = R"("names": "windows")";
  const RunResult changed = site.run();
  INFO(told(changed));
  CHECK(changed.exit.code == 1);
  CHECK(holds(changed.err, {"the rules for names on the remote changed", "\"encoding\": \"ISO-8859-1\""}));
}

TEST_CASE("a password comes as a systemd credential") {
  Site site(ServerKind::pureftpd);
  site.write("a", "1");
  const fs::path credentials = site.dir() / "credentials";
  fs::create_directory(credentials);
  write_secret(credentials / "web01", std::string(TestServer::kPassword) + "\n");
  site.choices.password = R"({"credential": "web01"})";
  SpawnOptions options;
  options.env["CREDENTIALS_DIRECTORY"] = credentials.string();
  const RunResult result = site.run({}, options);
  INFO(told(result));
  CHECK(result.exit.code == 0);
  const RunResult without = site.run({"--dry-run"});
  CHECK(without.exit.code == 0);  // needs no password
}

TEST_CASE("mirror takes the way to the server from its options") {
  const TestProxy proxy;
  Site site(ServerKind::vsftpd);
  site.write("a:b", "1");
  const RunResult result = mirror(site, {"--proxy", proxy.url("socks5h"), "--bandwidth", "1 GiB/s",
                                         "--windows-names", "--encoding", "CP1252"});
  INFO(told(result));
  CHECK(result.exit.code == 0);
  CHECK(read_file(site.space() / "a%3Ab") == "1");
  CHECK(proxy.tunnels().size() >= 2);
  const RunResult active = mirror(site, {"--active", "--windows-names", "--encoding", "CP1252"});
  INFO(told(active));
  CHECK(active.exit.code == 0);
}

TEST_CASE("options of mirror that don't fit are refused by name") {
  Site site(ServerKind::vsftpd);
  const auto [options, words] = GENERATE(table<std::vector<std::string>, std::string>({
      {{"--ssh-key", "k"}, "--ssh-key"},
      {{"--active", "--proxy", "http://p:1"}, "--active and --proxy"},
      {{"--proxy", "http://me:hunter2@p:1"}, "a password in the URL"},
      {{"--proxy", "http://me@p:1"}, "no password for the proxy's user"},
      {{"--bandwidth", "fast"}, "--bandwidth"},
      {{"--encoding", "klingon"}, "--encoding"},
  }));
  const RunResult result = mirror(site, options);
  INFO(told(result));
  CHECK(result.exit.code == 2);
  CHECK(holds(result.err, {words}));
  CHECK(result.err.find("hunter2") == std::string::npos);
}
