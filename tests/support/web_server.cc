#include "support/web_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

namespace outhaul::test {
namespace {

constexpr int kLookMs = 20;

/// False once the server is to stop, or the other end has gone.
bool readable(int fd, const std::atomic<bool>& stopping) {
  while (!stopping) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, kLookMs) > 0) return true;
  }
  return false;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// Head and, as far as it has come, body.
WebRequest parse(const std::string& text) {
  WebRequest request;
  const std::size_t head = std::min(text.find("\r\n\r\n"), text.size());
  std::size_t at = std::min(text.find("\r\n"), head);
  request.line = text.substr(0, at);
  while (at < head) {
    const std::size_t end = std::min(text.find("\r\n", at + 2), head);
    const std::string line = text.substr(at + 2, end - at - 2);
    if (const std::size_t colon = line.find(": "); colon != std::string::npos)
      request.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    at = end;
  }
  if (head + 4 <= text.size()) request.body = text.substr(head + 4);
  return request;
}

bool is_whole(const std::string& text) {
  if (text.find("\r\n\r\n") == std::string::npos) return false;
  const WebRequest request = parse(text);
  const auto length = request.headers.find("content-length");
  return length == request.headers.end() ||
         request.body.size() >= static_cast<std::size_t>(std::atoll(length->second.c_str()));
}

void send_all(int fd, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t now = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<std::size_t>(now);
  }
}

}  // namespace

WebServer::WebServer(std::vector<WebAnswer> answers) : answers_(std::move(answers)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the web server can't listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

WebServer::~WebServer() {
  stopping_ = true;
  thread_.join();
  ::close(listener_);
}

std::string WebServer::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<WebRequest> WebServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void WebServer::serve() {
  while (readable(listener_, stopping_)) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void WebServer::answer(int connection) {
  std::string text;
  while (!is_whole(text)) {
    if (!readable(connection, stopping_)) return;
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::size_t turn = 0;
  {
    const std::lock_guard lock(mutex_);
    turn = requests_.size();
    requests_.push_back(parse(text));
  }
  const WebAnswer& answer = answers_[std::min(turn, answers_.size() - 1)];
  switch (answer.manner) {
    case WebAnswer::Manner::never:
      while (readable(connection, stopping_)) {
        std::array<char, 64> buffer;
        if (::recv(connection, buffer.data(), buffer.size(), 0) <= 0) return;
      }
      return;
    case WebAnswer::Manner::breaks_off:
      return;
    case WebAnswer::Manner::garbage:
      return send_all(connection, "220 FTP here, what do you want?\r\n");
    case WebAnswer::Manner::properly:
      send_all(connection,
               fmt::format("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}",
                           answer.status, answer.body.size(), answer.more_headers, answer.body));
  }
}

}  // namespace outhaul::test
