// A bad line in front of a real server, without a look at the bytes, so that TLS goes through it untouched.
//
// It listens on another loopback address, on the server's control port and on a range of data ports of its
// own; the server must be started with that range as its passive ports. Clients that take the control host's
// address for data connections then come through here with those, too.
//
//   FaultProxy proxy;
//   ServerOptions options;
//   options.passive_ports = proxy.data_ports();
//   auto server = TestServer::start(kind, tls, options);
//   proxy.serve(server->port());
//   proxy.cut(Channel::data, Way::to_server, 1'000'000, LineFault::reset);
//   ... proxy.in_front_of(server->settings("space")) ...
//
// Every method may be called at any time from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "outhaul/profile.h"
#include "support/servers.h"

namespace outhaul::test {

enum class Channel : std::uint8_t { control, data };
enum class Way : std::uint8_t { to_server, to_client };

enum class LineFault : std::uint8_t {
  reset,       ///< both ends see a reset; what the sockets still held is lost
  close,       ///< both ends see an orderly end; nothing passes any more
  half_close,  ///< whoever receives in this way sees an orderly end; the other way goes on
  mute,        ///< what comes this way is taken and vanishes; the other way goes on
  stall,       ///< nothing is taken or passed in either way; the sockets stay open, as behind a dead router
};

class FaultProxy {
 public:
  static constexpr const char* kHost = "127.0.0.2";
  /// For cut(): when this way ends, in place of its end. All bytes have passed.
  static constexpr std::uint64_t kAtEnd = std::numeric_limits<std::uint64_t>::max();

  /// Takes a range of data ports that no other proxy on this machine has.
  FaultProxy();
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  PortRange data_ports() const noexcept;
  /// Listens, and passes on to the server's `control_port` of 127.0.0.1. The proxy's own is the same, unless
  /// somebody has that one.
  void serve(std::uint16_t control_port);
  std::uint16_t port() const noexcept;
  /// The same server, by way of this proxy.
  RemoteSettings in_front_of(RemoteSettings settings) const;

  // --- one fault, once ---

  /// The next connection that has passed exactly `bytes` in this way meets `fault`. Faults for one channel
  /// and way wait for each other, in the order of these calls; a connection meets one at most.
  void cut(Channel channel, Way way, std::uint64_t bytes, LineFault fault);
  /// The next data connection on which the client sends at least `bytes`: whatever the server says from then on
  /// does not reach the client. `fault` meets the control connection that was busy last when the data connection
  /// was opened: mute (no answer ever comes), stall, reset or close.
  void lose_final_reply(LineFault fault, std::uint64_t bytes = 1);
  /// The k-th connection from now (1: the next) is taken and reset at once.
  void refuse(Channel channel, int k);
  /// Meets all connections that are open now, as of this call.
  void cut_all(Channel channel, LineFault fault);
  /// How many faults of cut(), lose_final_reply() and refuse() haven't happened yet.
  std::size_t pending() const;
  void forget_pending();

  // --- the line itself ---

  /// Everything that passes from now on takes this long, including a connection's opening as the server sees
  /// it (the client's connect() is answered by the kernel at once).
  void set_delay(Way way, std::chrono::microseconds delay);
  /// Bytes per second of all connections together in each way; 0: no limit.
  void set_rate(std::uint64_t bytes_per_second);
  /// Nothing passes until release(), which also lets go on what met LineFault::stall.
  void hold();
  void release();

  // --- what happened ---

  struct Flow {
    std::uint64_t taken = 0;   ///< read from the sender
    std::uint64_t passed = 0;  ///< handed to the receiver's socket
  };
  struct Connection {
    Channel channel = Channel::control;
    Flow to_server, to_client;
    bool open = false, refused = false, faulted = false;
  };
  /// All connections since the start, in the order of their opening.
  std::vector<Connection> connections() const;
  std::size_t open(Channel channel) const;
  /// The most that were open at one time.
  std::size_t most_open(Channel channel) const;

 private:
  class Line;
  std::unique_ptr<Line> line_;
};

}  // namespace outhaul::test
