#include <algorithm>

#include "remote/curl.h"
#include "support/catch.h"
#include "ways/tools.h"

namespace outhaul::test {
namespace {

RemoteSettings active(const TestServer& server) {
  RemoteSettings settings = server.settings();
  settings.mode = DataMode::active;
  return settings;
}

auto ports_offered(const TestServer& server, const std::string& prefix) {
  return std::ranges::count_if(server.commands(),
                               [&](const std::string& command) { return command.starts_with(prefix); });
}

}  // namespace

TEST_CASE("in active mode the server opens the data connections") {
  const ServerKind kind = GENERATE(ServerKind::vsftpd, ServerKind::proftpd, ServerKind::pureftpd);
  CAPTURE(to_string(kind));
  const auto server = TestServer::start(kind, Tls::none);
  live_a_files_life(active(*server), tester());
  REQUIRE(server->wait_for_no_sessions());
  CHECK(ports_offered(*server, "EPRT |1|127.0.0.1|") >= 4);
  CHECK(server->count("EPSV") == 0);
  CHECK(server->count("PASV") == 0);
}

TEST_CASE("active mode works over IPv6") {
  ServerOptions options;
  options.ipv6 = true;
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none, options);
  live_a_files_life(active(*server), tester());
  REQUIRE(server->wait_for_no_sessions());
  CHECK(ports_offered(*server, "EPRT |2|::1|") >= 4);
}

TEST_CASE("active mode with TLS is refused where libcurl would send the files in plain text") {
  RemoteSettings settings;
  settings.url = "ftp://h";
  settings.host = "h";
  settings.mode = DataMode::active;
  settings.scheme = GENERATE(Scheme::ftp, Scheme::ftps);
  const Told told = first_put(settings, tester());
  if (curl_older_than(8, 0))
    CHECK(told.text.find("would send the files in plain text") != std::string::npos);
  else
    CHECK(told.text.find("plain text") == std::string::npos);
}

}  // namespace outhaul::test
