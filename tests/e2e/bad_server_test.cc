// Servers that are away, closed, strange or full.
#include <fmt/format.h>

#include "site.h"
#include "support/catch.h"
#include "support/tree.h"

using namespace outhaul;
using namespace outhaul::test;

namespace fs = std::filesystem;

namespace {

/// A port on which nobody listens: it was the kernel's choice a moment ago.
std::uint16_t closed_port() {
  return SilentPort().port();
}

void expect_unusable(const Site& site, const std::vector<std::string>& words) {
  const RunResult result = site.run();
  INFO(told(result));
  CHECK(result.exit.code == 5);
  CHECK(holds(result.err, words));
}

}  // namespace

TEST_CASE("a wrong password is tried exactly once") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  Site site(kind, Tls::explicit_);
  site.choices.connections = 4;
  site.choices.retries = 5;
  site.write_many("d", 20, 10);
  write_file(site.secret(), "wrong\n");
  expect_unusable(site, {"the server refused the login of user \"tester\"", "530",
                         "check the user name \"tester\" in the URL and the password"});
  CHECK(site.server().wait_for_no_sessions());
  CHECK(site.server().count("PASS") == 1);
  CHECK(site.stored_files() == 0);

  write_file(site.secret(), TestServer::kPassword);
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("an unknown host is named") {
  Site site;
  site.write("a", "1");
  site.choices.url = "ftp://somebody@nowhere.invalid/space";
  site.choices.retries = 0;
  expect_unusable(site, {"nowhere.invalid", "ftp://nowhere.invalid/space"});
}

TEST_CASE("a port where nobody listens is named") {
  Site site;
  site.write("a", "1");
  const std::uint16_t port = closed_port();
  site.choices.url = fmt::format("ftp://somebody@127.0.0.1:{}/space", port);
  site.choices.retries = 0;
  expect_unusable(site, {fmt::format("no connection to 127.0.0.1 port {}", port),
                         "check that the FTP server runs, the port in the URL, and firewalls"});
}

TEST_CASE("a certificate that is not trusted is refused with its pin and the pin then works") {
  const Tls tls = GENERATE(Tls::explicit_, Tls::implicit);
  Site site(ServerKind::proftpd, tls);
  site.write("a", "1");
  site.choices.tls = "{}";
  const std::string pin = site.server().certificates().pin;
  expect_unusable(site, {"the server's certificate is not trusted", pin,
                         fmt::format("\"tls\": {{\"pin\": \"{}\", \"verify\": false}}", pin)});
  CHECK(site.server().count("PASS") == 0);
  site.choices.tls = fmt::format(R"({{"pin": "{}", "verify": false}})", pin);
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("another key than the pinned one is refused before the password is sent") {
  Site site(ServerKind::vsftpd, Tls::explicit_);
  site.write("a", "1");
  site.choices.tls = R"({"pin": "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "verify": false})";
  expect_unusable(
      site, {"the server's key is not the one that the profile pins", site.server().certificates().pin});
  CHECK(site.server().count("PASS") == 0);
}

TEST_CASE("a server without TLS gets no password unless the profile says so in words") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  Site site(kind, Tls::none);
  site.write("a", "1");
  site.choices.tls = "{}";
  expect_unusable(site, {"the server does not offer TLS on this port", "\"tls\": \"off\""});
  CHECK(site.server().count("PASS") == 0);
  site.choices.tls = R"("off")";
  CHECK(site.run().exit.code == 0);
}

TEST_CASE("a server that demands TLS is understood when the profile has it off") {
  Site site(ServerKind::proftpd, Tls::explicit_);
  site.write("a", "1");
  site.choices.tls = R"("off")";
  expect_unusable(site, {"the server accepts only encrypted connections", "remove \"tls\": \"off\""});
}

TEST_CASE("an implicit TLS port and an explicit one are told apart") {
  Site explicit_site(ServerKind::proftpd, Tls::explicit_);
  explicit_site.write("a", "1");
  explicit_site.choices.retries = 0;
  explicit_site.choices.url = fmt::format("ftps://tester@127.0.0.1:{}/space", explicit_site.server().port());
  expect_unusable(explicit_site, {"TLS", "ftp://"});
}

TEST_CASE("a full server keeps the old copies whole and the next run with room finishes") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  ServerOptions options;
  options.limited_space = true;
  Site site(kind, Tls::none, options);
  site.write("old", std::string(100'000, 'o'));
  REQUIRE(site.run().exit.code == 0);
  site.server().set_free_space(300'000);
  site.write("old", std::string(150'000, 'n'));
  for (int i = 0; i < 6; ++i)
    site.write(fmt::format("new{}", i), std::string(200'000, static_cast<char>('0' + i)));
  const RunResult full = site.run();
  INFO(told(full));
  CHECK(full.exit.code == 3);
  CHECK(holds(full.err, {"full", "make room on the remote or buy some; what was stored stays"}));
  const std::string old = read_file(site.stored() / "old");
  CHECK((old == std::string(100'000, 'o') || old == std::string(150'000, 'n')));
  for (int i = 0; i < 6; ++i) {
    const fs::path copy = site.stored() / fmt::format("new{}", i);
    if (fs::exists(copy)) CHECK(same_bytes(copy, site.source() / fmt::format("new{}", i)));
  }
  site.server().set_free_space(std::nullopt);
  const RunResult rest = site.run();
  INFO(told(rest));
  CHECK(rest.exit.code == 0);
  CHECK(site.differences() == std::vector<std::string>{});
  CHECK(site.parts().empty());
}

TEST_CASE("a server that is restarted between two runs is no event") {
  Site site(ServerKind::proftpd);
  site.write("a", "1");
  REQUIRE(site.run().exit.code == 0);
  site.server().stop();
  site.choices.retries = 0;
  site.write("b", "2");
  CHECK(site.run().exit.code == 5);
  site.server().resume();
  CHECK(site.run().exit.code == 0);
  CHECK(site.differences().empty());
}

TEST_CASE("pain 9: a server that takes fewer sessions than the profile allows still gets everything") {
  const ServerKind kind = GENERATE(ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd);
  const int sessions = GENERATE(1, 2);
  ServerOptions options;
  options.max_clients = sessions;
  Site site(kind, Tls::none, options);
  site.choices.connections = 4;
  site.write_many("d", 60, 1000);
  const RunResult result = site.run();
  INFO(sessions << " sessions; " << told(result));
  CHECK(result.exit.code == 0);
  CHECK(site.differences().empty());
}
