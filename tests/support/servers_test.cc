// The tools of the tests do what the tests rely on.
#include "support/servers.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdio>
#include <set>

#include "base/fd.h"
#include "support/catch.h"
#include "support/process.h"
#include "support/server_config.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

Fd connect_to(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

std::string read_some(const Fd& fd) {
  char buffer[512];
  const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

// One plain session: sends a line, returns when a reply with this code has come.
std::string reply_to(const Fd& fd, const std::string& command, const std::string& code) {
  if (!command.empty()) ::send(fd.get(), (command + "\r\n").data(), command.size() + 2, MSG_NOSIGNAL);
  std::string all;
  while (all.find(code + " ") == std::string::npos) {
    const std::string more = read_some(fd);
    if (more.empty()) return all;
    all += more;
  }
  return all;
}

constexpr ServerKind kKinds[] = {ServerKind::proftpd, ServerKind::vsftpd, ServerKind::pureftpd,
                                 ServerKind::pyftpdlib, ServerKind::ftp_srv};

}  // namespace

TEST_CASE("every kind of server comes up and greets and goes with its object") {
  for (const ServerKind kind : kKinds) {
    CAPTURE(std::string(to_string(kind)));
    std::uint16_t port = 0;
    {
      const auto server = TestServer::start(kind, Tls::none);
      port = server->port();
      const Fd session = connect_to(port);
      CHECK(reply_to(session, "", "220").find("220") != std::string::npos);
    }
    CHECK_FALSE(connect_to(port));
  }
}

TEST_CASE("a drop box lets nothing be renamed or removed or overwritten") {
  for (const ServerKind kind : kKinds) {
    ServerOptions options;
    options.drop_box = true;
    const auto server = TestServer::start(kind, Tls::none, options);
    server->make_dir("d");
    write_file(server->root() / "a", "stored");
    server->hand_over(server->root() / "a");
    const Fd session = connect_to(server->port());
    reply_to(session, "", "220");
    reply_to(session, std::string("USER ") + TestServer::kUser, "331");
    reply_to(session, std::string("PASS ") + TestServer::kPassword, "230");
    const timeval patience{10, 0};
    ::setsockopt(session.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (const std::string command : {"DELE a", "RMD d", "RNFR a"}) {
      if (command == "RMD d" && kind == ServerKind::pureftpd) continue;  // it keeps files, not directories
      ::send(session.get(), (command + "\r\n").data(), command.size() + 2, MSG_NOSIGNAL);
      const std::string reply = read_some(session);
      INFO(to_string(kind) << " " << command << ": " << reply);
      CHECK(reply.starts_with(kind == ServerKind::ftp_srv ? "502" : "550"));
    }
    // Pure-FTPd doesn't keep them from being overwritten, nor do the two that know of no such right.
    if (kind != ServerKind::proftpd && kind != ServerKind::vsftpd) continue;
    const std::string place = reply_to(session, "PASV", "227");
    const auto numbers = place.substr(place.rfind('(') + 1);
    int h[4], high = 0, low = 0;
    REQUIRE(std::sscanf(numbers.c_str(), "%d,%d,%d,%d,%d,%d", &h[0], &h[1], &h[2], &h[3], &high, &low) == 6);
    {
      const Fd data = connect_to(static_cast<std::uint16_t>(high * 256 + low));
      ::send(session.get(), "STOR a\r\n", 8, MSG_NOSIGNAL);
      const std::string reply = read_some(session);
      INFO(to_string(kind) << " STOR a: " << reply);
      CHECK((reply.starts_with("550") || reply.starts_with("553")));
    }
    CHECK(read_file(server->root() / "a") == "stored");
  }
}

TEST_CASE("every kind of server comes up with the TLS that it supports") {
  for (const ServerKind kind : kKinds) {
    for (const Tls tls : {Tls::explicit_, Tls::implicit}) {
      if (supports(kind, tls)) CHECK(TestServer::start(kind, tls)->port() != 0);
    }
  }
}

TEST_CASE("a server takes its user with the right password only and writes down what it was told") {
  for (const ServerKind kind : kKinds) {
    CAPTURE(std::string(to_string(kind)));
    const auto server = TestServer::start(kind, Tls::none);
    {
      const Fd session = connect_to(server->port());
      reply_to(session, "", "220");
      reply_to(session, std::string("USER ") + TestServer::kUser, "331");
      CHECK(reply_to(session, "PASS wrong", "530").find("530 ") != std::string::npos);
    }
    const Fd session = connect_to(server->port());
    reply_to(session, "", "220");
    reply_to(session, std::string("USER ") + TestServer::kUser, "331");
    CHECK(reply_to(session, std::string("PASS ") + TestServer::kPassword, "230").find("230 ") !=
          std::string::npos);
    CHECK(reply_to(session, "MKD a b", "257").find("257 ") != std::string::npos);
    reply_to(session, "QUIT", "221");
    CHECK(server->wait_for_no_sessions());
    CHECK(std::filesystem::is_directory(server->root() / "a b"));
    CHECK(server->count("PASS") == 2);
    CHECK(server->count("MKD") == 1);
    CHECK(server->commands().back() == "QUIT");
    for (const std::string& command : server->commands()) {
      CHECK(command.find(TestServer::kPassword) == std::string::npos);
    }
    server->forget_commands();
    CHECK(server->commands().empty());
    INFO(server->log());
  }
}

TEST_CASE("a stopped server comes back on its port with its files") {
  for (const ServerKind kind : kKinds) {
    CAPTURE(std::string(to_string(kind)));
    const auto server = TestServer::start(kind, Tls::none);
    write_file(server->root() / "kept", "kept");
    const Fd session = connect_to(server->port());
    reply_to(session, "", "220");
    server->stop();
    CHECK(read_some(session).empty());
    CHECK_FALSE(connect_to(server->port()));
    server->resume();
    CHECK(reply_to(connect_to(server->port()), "", "220").find("220") != std::string::npos);
    CHECK(read_file(server->root() / "kept") == "kept");
  }
}

TEST_CASE("dropped sessions end and the server goes on") {
  for (const ServerKind kind : kKinds) {
    CAPTURE(std::string(to_string(kind)));
    const auto server = TestServer::start(kind, Tls::none);
    const Fd session = connect_to(server->port());
    reply_to(session, "", "220");
    server->drop_sessions();
    CHECK(read_some(session).empty());
    CHECK(reply_to(connect_to(server->port()), "", "220").find("220") != std::string::npos);
  }
}

TEST_CASE("a program's output and exit code are captured and its time is limited") {
  const RunResult ended = run_program({"/bin/sh", "-c", "cat; echo bad >&2; exit 7"},
                                      {.env = {}, .unset = {}, .cwd = {}, .input = "hello"});
  CHECK(ended.exit == Exit{7, 0});
  CHECK(ended.out == "hello");
  CHECK(ended.err == "bad\n");
  CHECK_FALSE(ended.timed_out);
  SpawnOptions hasty;
  hasty.timeout = std::chrono::milliseconds(50);
  CHECK(run_program({"/bin/sh", "-c", "read line < /dev/zero"}, hasty).timed_out);
  CHECK_THROWS(run_program({"/no/such/program"}));
}
