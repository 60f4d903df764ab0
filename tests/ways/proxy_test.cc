#include <stdlib.h>

#include <algorithm>

#include "support/catch.h"
#include "support/test_proxy.h"
#include "ways/tools.h"

namespace outhaul::test {
namespace {

RemoteSettings through(const TestProxy& proxy, const std::string& scheme, RemoteSettings settings) {
  settings.proxy.url = proxy.url(scheme);
  return settings;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("control and data connections all go through the proxy") {
  const std::string scheme = GENERATE("http", "socks4", "socks4a", "socks5", "socks5h");
  CAPTURE(scheme);
  const TestProxy proxy;
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  live_a_files_life(through(proxy, scheme, server->settings()), tester());
  const auto tunnels = proxy.tunnels();
  const auto control = "127.0.0.1:" + std::to_string(server->port());
  CHECK(std::ranges::count(tunnels, control) == 2);
  REQUIRE(server->wait_for_no_sessions());
  CHECK(tunnels.size() == 2 + server->count("EPSV"));
  CHECK(server->count("EPSV") >= 4);
  for (const std::string& request : proxy.requests()) CHECK(request.starts_with("CONNECT "));
}

TEST_CASE("TLS goes through a proxy untouched") {
  const std::string scheme = GENERATE("http", "socks5h");
  const auto [kind, tls] = GENERATE(
      table<ServerKind, Tls>({{ServerKind::vsftpd, Tls::explicit_}, {ServerKind::proftpd, Tls::implicit}}));
  CAPTURE(scheme, to_string(kind));
  const TestProxy proxy;
  const auto server = TestServer::start(kind, tls);
  live_a_files_life(through(proxy, scheme, server->settings()), tester());
  CHECK(proxy.tunnels().size() >= 6);
}

TEST_CASE("SFTP goes through a proxy") {
  const std::string scheme = GENERATE("http", "socks5h");
  CAPTURE(scheme);
  const TestProxy proxy;
  const auto server = TestServer::start(ServerKind::sshd, Tls::none);
  RemoteSettings settings = through(proxy, scheme, server->settings());
  const CancelToken cancel;
  const auto remote = connect(settings, tester());
  const auto lane = remote->open_lane(cancel);
  put_text(*lane, "a", "through");
  CHECK(get_text(*lane, "a") == "through");
  CHECK(proxy.tunnels() == std::vector<std::string>{"127.0.0.1:" + std::to_string(server->port())});
}

TEST_CASE("a proxy that wants a password gets it") {
  const std::string scheme = GENERATE("http", "socks5h");
  CAPTURE(scheme);
  const TestProxy proxy({"me@example.net", "pass word", {}});
  const auto server = TestServer::start(ServerKind::pureftpd, Tls::none);
  RemoteSettings settings = through(proxy, scheme, server->settings());
  settings.proxy.user = "me@example.net";
  live_a_files_life(settings, tester("pass word"));
}

TEST_CASE("a wrong proxy password is said of the proxy and not tried again") {
  const std::string scheme = GENERATE("http", "socks5h", "socks5");
  CAPTURE(scheme);
  const TestProxy proxy({"me", "right", {}});
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  RemoteSettings settings = through(proxy, scheme, server->settings());
  settings.proxy.user = "me";
  const Told told = first_put(settings, tester("hunter2"));
  CAPTURE(told.text);
  CHECK(told.failure == FailureClass::stop_run);
  CHECK(contains(told.text, "the proxy " + proxy.url(scheme) + " refused the login of user \"me\""));
  CHECK_FALSE(contains(told.text, "hunter2"));
  CHECK(proxy.tunnels().empty());
}

TEST_CASE("a proxy that wants a password and gets none is named") {
  const std::string scheme = GENERATE("http", "socks5h");
  CAPTURE(scheme);
  const TestProxy proxy({"me", "right", {}});
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  const Told told = first_put(through(proxy, scheme, server->settings()), tester());
  CAPTURE(told.text);
  CHECK(told.failure == FailureClass::stop_run);
  CHECK(contains(told.text, "the proxy " + proxy.url(scheme) + " wants a user and a password"));
}

TEST_CASE("a proxy that forbids the data connections is named with what it must allow") {
  const std::string scheme = GENERATE("http", "socks5h");
  CAPTURE(scheme);
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  const TestProxy proxy({{}, {}, server->port()});
  const Told told = first_put(through(proxy, scheme, server->settings()), tester());
  CAPTURE(told.text);
  CHECK(told.failure == FailureClass::stop_run);
  CHECK(contains(told.text, "the proxy " + proxy.url(scheme) + " does not let us through"));
  CHECK(contains(told.text, "passive ports"));
}

TEST_CASE("a proxy that isn't there or can't reach the server is tried again later") {
  const std::string scheme = GENERATE("http", "socks5h");
  CAPTURE(scheme);
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  RemoteSettings settings = server->settings();
  {
    const TestProxy gone;
    settings = through(gone, scheme, settings);
  }
  const Told absent = first_put(settings, tester());
  CAPTURE(absent.text);
  CHECK(absent.failure == FailureClass::reconnect);
  CHECK(contains(absent.text, "no connection through the proxy " + settings.proxy.url));
  const TestProxy proxy;
  settings = through(proxy, scheme, server->settings());
  server->stop();
  const Told unreached = first_put(settings, tester());
  CAPTURE(unreached.text);
  CHECK(unreached.failure == FailureClass::reconnect);
  CHECK(contains(unreached.text, "the proxy " + settings.proxy.url));
}

TEST_CASE("the environment has no say in which proxy is used") {
  const TestProxy ours, theirs;
  const auto server = TestServer::start(ServerKind::vsftpd, Tls::none);
  ::setenv("no_proxy", "127.0.0.1,*", 1);
  ::setenv("ftp_proxy", theirs.url("http").c_str(), 1);
  ::setenv("all_proxy", theirs.url("http").c_str(), 1);
  CHECK(first_put(server->settings(), tester()).text.empty());
  CHECK(first_put(through(ours, "http", server->settings()), tester()).text.empty());
  for (const char* name : {"no_proxy", "ftp_proxy", "all_proxy"}) ::unsetenv(name);
  CHECK(theirs.tunnels().empty());
  CHECK(theirs.requests().empty());
  CHECK(ours.tunnels().size() == 2);
}

}  // namespace outhaul::test
