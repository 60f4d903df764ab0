// A proxy on loopback that speaks HTTP's CONNECT (RFC 9110 §9.3.6), SOCKS 4, 4a and 5 (RFC 1928, 1929) on one
// port, and remembers what it was asked for.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace outhaul::test {

class TestProxy {
 public:
  struct Options {
    std::string user;  ///< with `password`; empty: everybody may use it
    std::string password;
    std::optional<std::uint16_t> only_port;  ///< tunnels to others are refused
  };
  TestProxy() : TestProxy(Options{}) {}
  explicit TestProxy(Options options);
  ~TestProxy();
  TestProxy(const TestProxy&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  /// "http" → "http://127.0.0.1:40001"
  std::string url(const std::string& scheme) const;
  /// Tunnels that were opened, as "127.0.0.1:21".
  std::vector<std::string> tunnels() const;
  /// What HTTP clients asked for, as "CONNECT 127.0.0.1:21".
  std::vector<std::string> requests() const;

 private:
  void accept_all();
  void serve(Fd client);
  bool open_tunnel(Fd& client, Fd& server);
  bool by_http(Fd& client, Fd& server, std::string head);
  bool by_socks4(Fd& client, Fd& server, std::string head);
  bool by_socks5(Fd& client, Fd& server);
  bool may_log_in(Fd& client);
  /// An address and a port → a connection; not connected when the port is forbidden or nobody is there.
  Fd connect_to(const std::string& host, std::uint16_t port);
  bool forbids(std::uint16_t port) const { return options_.only_port && *options_.only_port != port; }

  Options options_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> tunnels_, requests_;  // guarded by mutex_
  std::vector<std::thread> sessions_;            // of the accepting thread, then of the destructor
  std::thread acceptor_;
};

}  // namespace outhaul::test
