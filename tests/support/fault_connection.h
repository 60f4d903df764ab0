// One connection through the fault proxy: two sockets and a flow each way. Private to the proxy; its thread
// only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "support/fault_proxy.h"

namespace outhaul::test {

using LineClock = std::chrono::steady_clock;

/// What one way of the line has to say to each of its bytes.
struct LineWay {
  LineClock::duration delay{};
  std::uint64_t rate = 0;  ///< bytes per second; 0: no limit
  double allowance = 0;    ///< bytes that may pass now
  LineClock::time_point refilled{};

  void refill(LineClock::time_point now);
  std::size_t may_pass(std::size_t bytes) const;
  void passed(std::size_t bytes);
};

using LineWays = std::array<LineWay, 2>;  ///< by Way

/// A fault that waits for a connection to come by.
struct PendingCut {
  std::uint64_t bytes = 0;
  LineFault fault = LineFault::reset;
};

class ProxiedConnection {
 public:
  using Cuts = std::deque<PendingCut>;

  ProxiedConnection(Channel channel, Fd client, std::uint16_t server_port, LineClock::time_point connect_at);

  Channel channel() const noexcept { return channel_; }
  bool open() const noexcept { return open_; }
  FaultProxy::Connection facts() const;
  /// Larger: something passed more recently.
  std::uint64_t activity() const noexcept { return activity_; }
  /// Set for data connections: whose transfer this is.
  std::weak_ptr<ProxiedConnection> control;

  /// Polled with these events; -1 and 0 when there is nothing to wait for.
  struct Interest {
    int fd = -1;
    short events = 0;
  };
  Interest interest(Way side, LineClock::time_point now, const LineWays& line) const;
  /// When something that waits in here is due; nothing: never, or not by the clock.
  std::optional<LineClock::time_point> due() const;

  /// Takes what the sender of `way` has.
  void take(Way way, short events, LineClock::time_point now, const LineWay& line);
  /// Passes on what is due, up to the first of `cuts`, which then happens.
  void pass(Way way, LineClock::time_point now, LineWay& line, Cuts& cuts, std::uint64_t& activity);
  /// Passes on no more than the client's first `bytes` for now. Under TLS the server learns of the client's
  /// end by bytes, not by the end of the connection: whoever must be faster waits for fewer.
  void hold_at(std::uint64_t bytes) noexcept {
    if (may_hold_) hold_at_ = bytes;
  }
  bool is_held() const noexcept { return hold_at_ && up_.counts.passed >= *hold_at_; }
  void lets_all_pass() noexcept { hold_at_.reset(); }
  void holds_no_more() noexcept {
    hold_at_.reset();
    may_hold_ = false;
  }
  void connect_if_due(LineClock::time_point now);

  /// `way` counts for half_close and mute.
  void meet(Way way, LineFault fault);
  void release() { stalled_ = false; }
  void refuse();

 private:
  enum class End : std::uint8_t { none, orderly, reset };
  struct Piece {
    LineClock::time_point due;
    std::vector<std::byte> bytes;
    std::size_t passed = 0;
    End end = End::none;
  };
  struct FlowState {
    FaultProxy::Flow counts;
    std::deque<Piece> queue;
    std::size_t queued = 0;
    bool ended = false;     ///< the sender has no more
    bool finished = false;  ///< the receiver knows
    bool muted = false;     ///< what comes is dropped
  };

  FlowState& flow(Way way) { return way == Way::to_server ? up_ : down_; }
  const FlowState& flow(Way way) const { return way == Way::to_server ? up_ : down_; }
  int sender(Way way) const { return way == Way::to_server ? client_.get() : server_.get(); }
  int receiver(Way way) const { return way == Way::to_server ? server_.get() : client_.get(); }
  std::size_t room(const FlowState& flow, const LineWay& line) const;
  bool meets_cut(Way way, Cuts& cuts);
  bool pass_bytes(Way way, std::uint64_t limit, LineWay& line);
  void finish(Way way);
  void reset();
  void close_when_done();

  Channel channel_;
  Fd client_, server_;
  std::uint16_t server_port_;
  std::optional<LineClock::time_point> connect_at_;
  FlowState up_, down_;
  std::uint64_t activity_ = 0;
  bool open_ = true, stalled_ = false, faulted_ = false, refused_ = false;
  std::optional<std::uint64_t> hold_at_;
  bool may_hold_ = true;
};

}  // namespace outhaul::test
