#include "support/test_proxy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace outhaul::test {
namespace {

constexpr int kTickMs = 20;

/// Exactly so many bytes, or fewer at the end.
std::string read_exactly(const Fd& fd, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = ::recv(fd.get(), bytes.data(), size, MSG_WAITALL);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

/// Up to and including `end`.
std::string read_until(const Fd& fd, std::string_view end, std::string bytes = {}) {
  constexpr std::size_t kLongest = 8192;
  while (bytes.size() < kLongest && !bytes.ends_with(end)) {
    const std::string next = read_exactly(fd, 1);
    if (next.empty()) break;
    bytes += next;
  }
  return bytes;
}

void write_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::uint16_t port_in(std::string_view two) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(two[0]) << 8 |
                                    static_cast<std::uint8_t>(two[1]));
}

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < text.size() ? static_cast<std::uint8_t>(text[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      digits += i + k <= text.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return digits;
}

std::string in_digits(int family, const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) ? text.data() : "";
}

/// Passes bytes on in both ways until both have ended.
void relay(const Fd& a, const Fd& b, const std::atomic<bool>& stop) {
  std::array<pollfd, 2> ends{pollfd{a.get(), POLLIN, 0}, pollfd{b.get(), POLLIN, 0}};
  std::array<char, 65536> buffer;
  while (!stop && (ends[0].fd >= 0 || ends[1].fd >= 0)) {
    if (::poll(ends.data(), ends.size(), kTickMs) <= 0) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      const Fd& to = i == 0 ? b : a;
      const ssize_t got = ::recv(ends[i].fd, buffer.data(), buffer.size(), 0);
      if (got > 0) {
        write_all(to, {buffer.data(), static_cast<std::size_t>(got)});
      } else {
        ::shutdown(to.get(), SHUT_WR);
        ends[i].fd = -1;
      }
    }
  }
}

}  // namespace

TestProxy::TestProxy(Options options)
    : options_(std::move(options)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), plain, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), plain, &size) != 0)
    throw std::runtime_error("the proxy can't listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TestProxy::~TestProxy() {
  stop_ = true;
  acceptor_.join();
  for (std::thread& session : sessions_) session.join();
}

std::string TestProxy::url(const std::string& scheme) const {
  return scheme + "://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> TestProxy::tunnels() const {
  const std::lock_guard lock(mutex_);
  return tunnels_;
}

std::vector<std::string> TestProxy::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TestProxy::accept_all() {
  while (!stop_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, kTickMs) <= 0) continue;
    Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    const timeval patience{5, 0};  // so that a silent client can't keep the destructor waiting
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sessions_.emplace_back([this, client = std::move(client)]() mutable { serve(std::move(client)); });
  }
}

void TestProxy::serve(Fd client) {
  Fd server;
  if (open_tunnel(client, server)) relay(client, server, stop_);
}

bool TestProxy::open_tunnel(Fd& client, Fd& server) {
  const std::string first = read_exactly(client, 1);
  if (first.empty()) return false;
  if (first[0] == 5) return by_socks5(client, server);
  if (first[0] == 4) return by_socks4(client, server, read_exactly(client, 7));
  return by_http(client, server, read_until(client, "\r\n\r\n", first));
}

bool TestProxy::by_http(Fd& client, Fd& server, std::string head) {
  const std::string line = head.substr(0, head.find("\r\n"));
  const std::string request = line.substr(0, line.rfind(' '));
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const auto answer = [&](const char* status, const char* more = "") {
    write_all(client, std::string("HTTP/1.1 ") + status + "\r\n" + more + "Content-Length: 0\r\n\r\n");
    return false;
  };
  const std::string login = "Proxy-Authorization: Basic " + base64(options_.user + ":" + options_.password);
  if (!options_.user.empty() && head.find(login + "\r\n") == std::string::npos)
    return answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"test\"\r\n");
  if (!request.starts_with("CONNECT ")) return answer("405 Method Not Allowed");
  const std::size_t colon = request.rfind(':');
  std::string host = request.substr(8, colon - 8);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto port = static_cast<std::uint16_t>(std::stoi(request.substr(colon + 1)));
  if (forbids(port)) return answer("403 Forbidden");
  server = connect_to(host, port);
  if (!server) return answer("502 Bad Gateway");
  write_all(client, "HTTP/1.1 200 Connection established\r\n\r\n");
  return true;
}

bool TestProxy::by_socks4(Fd& client, Fd& server, std::string head) {
  if (head.size() != 7) return false;
  const std::string user = read_until(client, std::string_view("\0", 1));
  const bool named = head.substr(3, 3) == std::string(3, '\0') && head[6] != 0;  // 4a
  std::string host =
      named ? read_until(client, std::string_view("\0", 1)) : in_digits(AF_INET, head.substr(3, 4));
  if (named && !host.empty()) host.pop_back();
  const std::uint16_t port = port_in(head.substr(1, 2));
  const bool known = options_.user.empty() || user == options_.user + '\0';
  if (known && !forbids(port)) server = connect_to(host, port);
  std::string reply(8, '\0');
  reply[1] = static_cast<char>(server ? 90 : 91);
  write_all(client, reply);
  return static_cast<bool>(server);
}

bool TestProxy::may_log_in(Fd& client) {
  const std::string count = read_exactly(client, 1);
  const std::string methods = count.empty() ? "" : read_exactly(client, static_cast<std::uint8_t>(count[0]));
  const char wanted = options_.user.empty() ? 0 : 2;
  const bool offered = methods.find(wanted) != std::string::npos;
  write_all(client, std::string{5, offered ? wanted : '\xFF'});
  if (!offered || wanted == 0) return offered;
  const std::string user = read_exactly(client, static_cast<std::uint8_t>(read_exactly(client, 2).back()));
  const std::string password =
      read_exactly(client, static_cast<std::uint8_t>(read_exactly(client, 1).back()));
  const bool right = user == options_.user && password == options_.password;
  write_all(client, std::string{1, static_cast<char>(right ? 0 : 1)});
  return right;
}

bool TestProxy::by_socks5(Fd& client, Fd& server) {
  if (!may_log_in(client)) return false;
  const std::string head = read_exactly(client, 4);
  if (head.size() != 4) return false;
  std::string host;
  if (head[3] == 1) host = in_digits(AF_INET, read_exactly(client, 4));
  if (head[3] == 3) host = read_exactly(client, static_cast<std::uint8_t>(read_exactly(client, 1).back()));
  if (head[3] == 4) host = in_digits(AF_INET6, read_exactly(client, 16));
  const std::uint16_t port = port_in(read_exactly(client, 2));
  constexpr char kDone = 0, kNotAllowed = 2, kRefused = 5;
  char outcome = kNotAllowed;
  if (!forbids(port)) {
    server = connect_to(host, port);
    outcome = server ? kDone : kRefused;
  }
  write_all(client, std::string{5, outcome, 0, 1, 0, 0, 0, 0, 0, 0});
  return outcome == kDone;
}

Fd TestProxy::connect_to(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  Fd server;
  for (const addrinfo* one = found; one != nullptr && !server; one = one->ai_next) {
    server = Fd(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (::connect(server.get(), one->ai_addr, one->ai_addrlen) != 0) server = Fd();
  }
  ::freeaddrinfo(found);
  if (server) {
    const std::lock_guard lock(mutex_);
    tunnels_.push_back(host + ":" + std::to_string(port));
  }
  return server;
}

}  // namespace outhaul::test
