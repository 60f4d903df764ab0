// The line does what it was told, and nothing else.
#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "base/fd.h"
#include "support/catch.h"
#include "support/process.h"

using namespace outhaul;
using namespace outhaul::test;
using namespace std::chrono_literals;

namespace {

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

/// Blocks for ten seconds at most.
Fd new_socket() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0);
  return fd;
}

Fd listen_at(std::uint16_t port) {
  Fd fd = new_socket();
  const int yes = 1;
  REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
  const sockaddr_in address = address_of("127.0.0.1", port);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 16) == 0);
  return fd;
}

std::uint16_t port_of(const Fd& fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

struct Pair {
  Fd client, server;
};

/// A server of bare sockets behind a proxy: a control port, and one data port.
struct Scene {
  FaultProxy proxy;
  Fd control = listen_at(0), data = listen_at(proxy.data_ports().first);
  Scene() { proxy.serve(port_of(control)); }

  Fd connect(Channel channel) const {
    Fd fd = new_socket();
    const std::uint16_t port = channel == Channel::control ? proxy.port() : port_of(data);
    const sockaddr_in address = address_of(FaultProxy::kHost, port);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }
  Pair open(Channel channel) const {
    Pair pair{connect(channel), {}};
    pair.server =
        Fd(::accept4((channel == Channel::control ? control : data).get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(pair.server);
    return pair;
  }
};

void say(const Fd& fd, const std::string& text) {
  REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

struct Heard {
  std::string text;
  int error = 0;  ///< how it ended: 0 by an orderly end
};

/// Reads until `size` bytes, an end or an error has come.
Heard hear(const Fd& fd, std::size_t size = std::string::npos) {
  Heard heard;
  while (heard.text.size() < size) {
    char buffer[4096];
    const ssize_t got = ::recv(fd.get(), buffer, std::min(sizeof buffer, size - heard.text.size()), 0);
    if (got < 0) heard.error = errno;
    if (got <= 0) return heard;
    heard.text.append(buffer, static_cast<std::size_t>(got));
  }
  return heard;
}

bool silent(const Fd& fd, std::chrono::milliseconds time = 100ms) {
  pollfd polled{fd.get(), POLLIN, 0};
  return ::poll(&polled, 1, static_cast<int>(time.count())) == 0;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

TEST_CASE("the fault proxy passes bytes both ways and counts them") {
  Scene scene;
  Pair pair = scene.open(Channel::data);
  const std::string text = pattern(300'000);
  say(pair.client, text);
  CHECK(hear(pair.server, text.size()).text == text);
  say(pair.server, "thanks");
  pair.server.reset();
  CHECK(hear(pair.client).text == "thanks");
  pair.client.reset();
  CHECK(eventually([&] { return scene.proxy.open(Channel::data) == 0; }));
  const auto seen = scene.proxy.connections();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].channel == Channel::data);
  CHECK(seen[0].to_server.taken == text.size());
  CHECK(seen[0].to_server.passed == text.size());
  CHECK(seen[0].to_client.passed == 6);
  CHECK_FALSE(seen[0].faulted);
}

TEST_CASE("the fault proxy passes an end of one way and goes on with the other") {
  Scene scene;
  Pair pair = scene.open(Channel::data);
  say(pair.client, "all");
  ::shutdown(pair.client.get(), SHUT_WR);
  CHECK(hear(pair.server).text == "all");
  say(pair.server, "received");
  pair.server.reset();
  CHECK(hear(pair.client).text == "received");
}

TEST_CASE("the fault proxy passes a client's reset on") {
  Scene scene;
  Pair pair = scene.open(Channel::data);
  const linger at_once{1, 0};
  ::setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  pair.client.reset();
  CHECK(hear(pair.server).error == ECONNRESET);
}

TEST_CASE("the fault proxy cuts after exactly so many bytes") {
  Scene scene;
  scene.proxy.cut(Channel::data, Way::to_server, 100'000, LineFault::close);
  scene.proxy.cut(Channel::data, Way::to_server, 50'000, LineFault::reset);
  const std::string text = pattern(120'000);
  {
    Pair pair = scene.open(Channel::data);
    say(pair.client, text);
    const Heard heard = hear(pair.server);
    CHECK(heard.text == text.substr(0, 100'000));
    CHECK(heard.error == 0);
    CHECK(hear(pair.client).error == 0);
  }
  Pair pair = scene.open(Channel::data);
  say(pair.client, text);
  const Heard heard = hear(pair.server);
  CHECK(heard.error == ECONNRESET);
  CHECK(heard.text.size() <= 50'000);
  CHECK(hear(pair.client).error == ECONNRESET);
  CHECK(scene.proxy.pending() == 0);
  CHECK(scene.proxy.connections()[1].to_server.passed == 50'000);
  CHECK(scene.proxy.connections()[1].faulted);
}

TEST_CASE("the fault proxy cuts the server's words without waiting for more of them") {
  Scene scene;
  scene.proxy.cut(Channel::control, Way::to_client, 3, LineFault::close);
  Pair pair = scene.open(Channel::control);
  say(pair.server, "220");
  CHECK(hear(pair.client).text == "220");
}

TEST_CASE("the fault proxy puts a reset in place of an end") {
  Scene scene;
  scene.proxy.cut(Channel::data, Way::to_server, FaultProxy::kAtEnd, LineFault::reset);
  Pair pair = scene.open(Channel::data);
  say(pair.client, "whole");
  CHECK(hear(pair.server, 5).text == "whole");
  ::shutdown(pair.client.get(), SHUT_WR);
  CHECK(hear(pair.server).error == ECONNRESET);
}

TEST_CASE("the fault proxy ends one way only") {
  Scene scene;
  scene.proxy.cut(Channel::data, Way::to_server, 4, LineFault::half_close);
  Pair pair = scene.open(Channel::data);
  say(pair.client, "1234567");
  CHECK(hear(pair.server).text == "1234");
  say(pair.server, "go on");
  CHECK(hear(pair.client, 5).text == "go on");
}

TEST_CASE("the fault proxy swallows one way") {
  Scene scene;
  scene.proxy.cut(Channel::control, Way::to_client, 4, LineFault::mute);
  Pair pair = scene.open(Channel::control);
  say(pair.server, "1234567");
  CHECK(hear(pair.client, 4).text == "1234");
  say(pair.client, "still there?");
  CHECK(hear(pair.server, 12).text == "still there?");
  say(pair.server, "yes");
  CHECK(silent(pair.client));
}

TEST_CASE("a stalled connection keeps what it holds until it is released") {
  Scene scene;
  scene.proxy.cut(Channel::data, Way::to_server, 4, LineFault::stall);
  Pair pair = scene.open(Channel::data);
  say(pair.client, "1234567");
  CHECK(hear(pair.server, 4).text == "1234");
  say(pair.server, "back");
  CHECK(silent(pair.server));
  CHECK(silent(pair.client));
  scene.proxy.release();
  CHECK(hear(pair.server, 3).text == "567");
  CHECK(hear(pair.client, 4).text == "back");
}

TEST_CASE("a held line carries nothing and loses nothing") {
  Scene scene;
  Pair pair = scene.open(Channel::data);
  scene.proxy.hold();
  say(pair.client, "later");
  CHECK(silent(pair.server));
  scene.proxy.release();
  CHECK(hear(pair.server, 5).text == "later");
}

TEST_CASE("the fault proxy refuses the connection that it was told to") {
  Scene scene;
  scene.proxy.refuse(Channel::control, 2);
  Pair first = scene.open(Channel::control);
  const Fd second = scene.connect(Channel::control);
  CHECK(hear(second).error == ECONNRESET);
  Pair third = scene.open(Channel::control);
  say(third.client, "hello");
  CHECK(hear(third.server, 5).text == "hello");
  CHECK(scene.proxy.connections()[1].refused);
  CHECK(scene.proxy.open(Channel::control) == 2);
  CHECK(scene.proxy.most_open(Channel::control) == 2);
}

TEST_CASE("the fault proxy ends all connections of a channel") {
  Scene scene;
  Pair control = scene.open(Channel::control);
  Pair data = scene.open(Channel::data);
  scene.proxy.cut_all(Channel::control, LineFault::close);
  CHECK(hear(control.client).error == 0);
  CHECK(hear(control.server).error == 0);
  say(data.client, "on");
  CHECK(hear(data.server, 2).text == "on");
}

TEST_CASE("the final reply of an upload is lost and of nothing else") {
  Scene scene;
  Pair other = scene.open(Channel::control);
  Pair control = scene.open(Channel::control);
  scene.proxy.lose_final_reply(LineFault::mute, 1000);
  say(control.server, "229");
  CHECK(hear(control.client, 3).text == "229");
  for (const std::size_t size : {std::size_t{10}, std::size_t{20'000}}) {
    Pair data = scene.open(Channel::data);
    say(data.client, pattern(size));
    data.client.reset();
    CHECK(hear(data.server).text.size() == size);
    data.server.reset();
    say(control.server, "226");
    if (size < 1000)
      CHECK(hear(control.client, 3).text == "226");
    else
      CHECK(silent(control.client));
  }
  say(other.server, "250");
  CHECK(hear(other.client, 3).text == "250");
  CHECK(scene.proxy.pending() == 0);
}

TEST_CASE("a long line delays each way by its own time") {
  Scene scene;
  scene.proxy.set_delay(Way::to_server, 60ms);
  const auto start = std::chrono::steady_clock::now();
  Pair pair = scene.open(Channel::data);
  say(pair.client, "ping");
  CHECK(hear(pair.server, 4).text == "ping");
  CHECK(std::chrono::steady_clock::now() - start >= 60ms);
  scene.proxy.set_delay(Way::to_client, 40ms);
  const auto answered = std::chrono::steady_clock::now();
  say(pair.server, pattern(200'000));
  pair.server.reset();
  CHECK(hear(pair.client).text == pattern(200'000));
  CHECK(std::chrono::steady_clock::now() - answered >= 40ms);
}

TEST_CASE("a limited line takes its time with all connections together") {
  Scene scene;
  scene.proxy.set_rate(1'000'000);
  Pair a = scene.open(Channel::data), b = scene.open(Channel::data);
  const auto start = std::chrono::steady_clock::now();
  say(a.client, pattern(60'000));
  say(b.client, pattern(60'000));
  CHECK(hear(a.server, 60'000).text == pattern(60'000));
  CHECK(hear(b.server, 60'000).text == pattern(60'000));
  CHECK(std::chrono::steady_clock::now() - start >= 80ms);
}

TEST_CASE("two fault proxies have ports of their own") {
  FaultProxy one, two;
  const PortRange a = one.data_ports(), b = two.data_ports();
  CHECK((a.first + a.count <= b.first || b.first + b.count <= a.first));
}
