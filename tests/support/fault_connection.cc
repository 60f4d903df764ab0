#include "support/fault_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace outhaul::test {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
/// What the proxy itself holds at most in one way: as little as a home router does, unless the line is long.
constexpr std::size_t kRoom = 128 * 1024;
constexpr std::size_t kRoomOfALongLine = 8 * 1024 * 1024;
/// A limited line passes this much of a second's bytes at once.
constexpr double kBurst = 0.02;
constexpr int kSendBuffer = 256 * 1024;

void set_int(int fd, int level, int option, int value) {
  static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

void reset_on_close(int fd) {
  const linger at_once{1, 0};
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

Fd connect_to_server(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_int(fd.get(), SOL_SOCKET, SO_SNDBUF, kSendBuffer);
  set_int(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // On loopback the kernel takes or refuses a connection at once.
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

Way other(Way way) {
  return way == Way::to_server ? Way::to_client : Way::to_server;
}

}  // namespace

void LineWay::refill(LineClock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - refilled).count();
  refilled = now;
  const auto full = std::max(static_cast<double>(rate) * kBurst, 1.0);
  allowance = std::min(full, allowance + seconds * static_cast<double>(rate));
}

std::size_t LineWay::may_pass(std::size_t bytes) const {
  return rate == 0 ? bytes : std::min(bytes, static_cast<std::size_t>(std::max(allowance, 0.0)));
}

void LineWay::passed(std::size_t bytes) {
  if (rate != 0) allowance -= static_cast<double>(bytes);
}

ProxiedConnection::ProxiedConnection(Channel channel, Fd client, std::uint16_t server_port,
                                     LineClock::time_point connect_at)
    : channel_(channel), client_(std::move(client)), server_port_(server_port), connect_at_(connect_at) {
  set_int(client_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
}

void ProxiedConnection::connect_if_due(LineClock::time_point now) {
  if (!open_ || !connect_at_ || *connect_at_ > now) return;
  connect_at_.reset();
  server_ = connect_to_server(server_port_);
  if (!server_) reset();
}

FaultProxy::Connection ProxiedConnection::facts() const {
  return {channel_, up_.counts, down_.counts, open_, refused_, faulted_};
}

std::size_t ProxiedConnection::room(const FlowState& flow, const LineWay& line) const {
  const std::size_t all = line.delay > LineClock::duration::zero() ? kRoomOfALongLine : kRoom;
  return all - std::min(all, flow.queued);
}

/// `side` names the socket by the way that it sends in: the client's is to_server.
ProxiedConnection::Interest ProxiedConnection::interest(Way side, LineClock::time_point now,
                                                        const LineWays& line) const {
  const FlowState &out = flow(side), &in = flow(other(side));
  if (!open_ || stalled_ || connect_at_) return {};
  short events = 0;
  if (!out.ended && room(out, line[static_cast<std::size_t>(side)]) > 0) events |= POLLIN;
  const bool due = !in.queue.empty() && in.queue.front().due <= now;
  if (due && line[static_cast<std::size_t>(other(side))].may_pass(1) > 0) events |= POLLOUT;
  // Without events poll() still tells of a reset; but of an end that is known, again and again.
  if (events == 0 && out.ended) return {};
  return {sender(side), events};
}

std::optional<LineClock::time_point> ProxiedConnection::due() const {
  std::optional<LineClock::time_point> first;
  const auto consider = [&](LineClock::time_point time) {
    if (!first || time < *first) first = time;
  };
  if (!open_ || stalled_) return first;
  if (connect_at_) consider(*connect_at_);
  for (const FlowState* flow : {&up_, &down_})
    if (!flow->queue.empty()) consider(flow->queue.front().due);
  return first;
}

void ProxiedConnection::take(Way way, short events, LineClock::time_point now, const LineWay& line) {
  FlowState& flow = this->flow(way);
  if (!open_ || stalled_ || flow.ended || (events & (POLLIN | POLLERR | POLLHUP)) == 0) return;
  const std::size_t room = this->room(flow, line);  // none left, but an error to be heard of
  std::vector<std::byte> buffer(room > 0 ? std::min(room, kPiece) : kPiece);
  const ssize_t got = ::recv(sender(way), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (got > 0) {
    flow.counts.taken += static_cast<std::uint64_t>(got);
    if (flow.muted) return;
    buffer.resize(static_cast<std::size_t>(got));
    flow.queued += buffer.size();
    flow.queue.push_back({now + line.delay, std::move(buffer)});
    return;
  }
  flow.ended = true;
  if (flow.muted && got == 0) return close_when_done();
  flow.queue.push_back({now + line.delay, {}, 0, got == 0 ? End::orderly : End::reset});
}

void ProxiedConnection::pass(Way way, LineClock::time_point now, LineWay& line, Cuts& cuts,
                             std::uint64_t& activity) {
  FlowState& flow = this->flow(way);
  if (connect_at_) return;
  while (open_ && !stalled_ && !meets_cut(way, cuts) && !flow.queue.empty() &&
         flow.queue.front().due <= now) {
    if (way == Way::to_server && is_held()) break;
    const Piece& piece = flow.queue.front();
    if (piece.end == End::reset) return reset();
    if (piece.end == End::orderly) return finish(way);
    std::uint64_t limit = cuts.empty() || faulted_ ? kPiece : cuts.front().bytes - flow.counts.passed;
    if (way == Way::to_server && hold_at_) limit = std::min(limit, *hold_at_ - flow.counts.passed);
    if (!pass_bytes(way, limit, line)) break;
    activity_ = ++activity;
  }
  // A receiver that takes no bytes now still hears of a reset.
  const bool reset_came = !flow.queue.empty() && flow.queue.back().end == End::reset;
  if (open_ && !stalled_ && reset_came && flow.queue.back().due <= now) reset();
}

bool ProxiedConnection::meets_cut(Way way, Cuts& cuts) {
  if (cuts.empty() || faulted_) return false;
  const FlowState& flow = this->flow(way);
  const PendingCut cut = cuts.front();
  const bool ends = !flow.queue.empty() && flow.queue.front().end == End::orderly;
  const bool reached = cut.bytes == FaultProxy::kAtEnd ? ends : flow.counts.passed >= cut.bytes;
  if (!reached || (flow.counts.passed == 0 && flow.queue.empty())) return false;
  cuts.pop_front();
  meet(way, cut.fault);
  return true;
}

/// False when the receiver or the line takes no more now.
bool ProxiedConnection::pass_bytes(Way way, std::uint64_t limit, LineWay& line) {
  FlowState& flow = this->flow(way);
  Piece& piece = flow.queue.front();
  const std::size_t left = piece.bytes.size() - piece.passed;
  const std::size_t wanted = line.may_pass(static_cast<std::size_t>(std::min<std::uint64_t>(limit, left)));
  if (wanted == 0) return false;
  const ssize_t sent =
      ::send(receiver(way), piece.bytes.data() + piece.passed, wanted, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) reset();
    return false;
  }
  const auto bytes = static_cast<std::size_t>(sent);
  line.passed(bytes);
  piece.passed += bytes;
  flow.counts.passed += bytes;
  flow.queued -= bytes;
  if (piece.passed == piece.bytes.size()) flow.queue.pop_front();
  return true;
}

void ProxiedConnection::finish(Way way) {
  FlowState& flow = this->flow(way);
  flow.queue.clear();
  flow.queued = 0;
  flow.finished = true;
  ::shutdown(receiver(way), SHUT_WR);
  close_when_done();
}

void ProxiedConnection::close_when_done() {
  const bool up_done = up_.ended && (up_.finished || up_.muted);
  const bool down_done = down_.ended && (down_.finished || down_.muted);
  if (!up_done || !down_done) return;
  open_ = false;
  client_.reset();
  server_.reset();
}

void ProxiedConnection::reset() {
  if (!open_) return;
  open_ = false;
  for (Fd* fd : {&client_, &server_}) {
    if (!*fd) continue;
    reset_on_close(fd->get());
    fd->reset();
  }
}

void ProxiedConnection::refuse() {
  refused_ = true;
  reset();
}

void ProxiedConnection::meet(Way way, LineFault fault) {
  if (!open_) return;
  faulted_ = true;
  const auto mute = [&](Way which) {
    flow(which).muted = true;
    flow(which).queue.clear();
    flow(which).queued = 0;
  };
  switch (fault) {
    case LineFault::reset:
      return reset();
    case LineFault::stall:
      stalled_ = true;
      return;
    case LineFault::mute:
      mute(way);
      return close_when_done();
    case LineFault::half_close:
      mute(way);
      return finish(way);
    case LineFault::close:
      if (!server_) return reset();
      for (const Way each : {Way::to_server, Way::to_client}) mute(each);
      for (const Way each : {Way::to_server, Way::to_client})
        if (open_) finish(each);
      return;
  }
}

}  // namespace outhaul::test
