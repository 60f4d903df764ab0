// Where the server is, and who we are to it.
#include "support/catch.h"
#include "ways/tools.h"

namespace outhaul::test {

TEST_CASE("a server is reached over IPv6") {
  ServerOptions options;
  options.ipv6 = true;
  const Tls tls = GENERATE(Tls::none, Tls::explicit_);
  const auto server = TestServer::start(ServerKind::vsftpd, tls, options);
  CHECK(server->settings().host == "::1");
  live_a_files_life(server->settings(), tester());
}

TEST_CASE("an anonymous login needs no user and no password") {
  ServerOptions options;
  options.anonymous = true;
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none, options);
  RemoteSettings settings = server->settings();
  settings.user = GENERATE("", "anonymous", "ftp");
  Login login;
  login.user = settings.user;
  if (settings.user == "ftp") login.password = "outhaul@";
  live_a_files_life(settings, login);
  REQUIRE(server->wait_for_no_sessions());
  CHECK(server->count(settings.user == "ftp" ? "USER ftp" : "USER anonymous") == 2);
}

}  // namespace outhaul::test
