#include "support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "base/fd.h"
#include "support/fault_connection.h"

namespace outhaul::test {
namespace {

/// Many more than any test has transfers at a time: vsftpd tries ten ports at random.
constexpr std::uint16_t kDataPorts = 32;
/// Below the ports that the kernel gives to clients.
constexpr std::uint16_t kLowestPort = 12'000, kHighestPort = 32'000;
constexpr int kReceiveBuffer = 256 * 1024;

std::size_t index(Channel channel) {
  return static_cast<std::size_t>(channel);
}
std::size_t index(Way way) {
  return static_cast<std::size_t>(way);
}

struct BoundPort {
  Fd fd;
  std::uint16_t port = 0;
};

/// Without a descriptor when somebody has the port. 0: any.
BoundPort listen_on(std::uint16_t port) {
  BoundPort listener{Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  const int yes = 1;
  // Inherited by what is accepted. Small, so that what is under way at a cut is what a line holds.
  static_cast<void>(
      ::setsockopt(listener.fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer));
  static_cast<void>(::setsockopt(listener.fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, FaultProxy::kHost, &address.sin_addr);
  socklen_t length = sizeof address;
  if (::bind(listener.fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener.fd.get(), 128) != 0 ||
      ::getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return {};
  listener.port = ntohs(address.sin_port);
  return listener;
}

std::vector<BoundPort> listen_on_range(std::uint16_t first) {
  std::vector<BoundPort> all;
  for (std::uint16_t i = 0; i < kDataPorts; ++i) {
    BoundPort one = listen_on(static_cast<std::uint16_t>(first + i));
    if (!one.fd) return {};
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<BoundPort> listen_on_some_range() {
  constexpr int kRanges = (kHighestPort - kLowestPort) / kDataPorts;
  const auto start = static_cast<int>(std::random_device{}() % kRanges);
  for (int i = 0; i < kRanges; ++i) {
    auto all = listen_on_range(static_cast<std::uint16_t>(kLowestPort + (start + i) % kRanges * kDataPorts));
    if (!all.empty()) return all;
  }
  throw std::runtime_error(fmt::format("no free range of ports on {}", FaultProxy::kHost));
}

}  // namespace

/// The line: everything below the public methods, and the thread that carries the bytes.
class FaultProxy::Line {
 public:
  Line() : data_(listen_on_some_range()), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Line() {
    stop_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
  }

  void serve(std::uint16_t control_port) {
    server_port_ = control_port;
    control_ = listen_on(control_port);
    if (!control_.fd) control_ = listen_on(0);
    if (!control_.fd)
      throw std::runtime_error(fmt::format("can't listen on {}: {}", kHost, std::strerror(errno)));
    thread_ = std::thread([this] { work(); });
  }

  /// Changes what the thread sees, and has it look.
  template <typename Change>
  void change(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    wake();
  }

  std::vector<BoundPort> data_;
  BoundPort control_;
  std::uint16_t server_port_ = 0;

  struct LostReply {
    std::uint64_t bytes;
    LineFault fault;
  };
  mutable std::mutex mutex_;                                    // guards everything below
  std::array<std::array<ProxiedConnection::Cuts, 2>, 2> cuts_;  // by channel, by way
  std::array<std::set<std::size_t>, 2> refused_;                // by channel: numbers of connections
  std::array<std::size_t, 2> accepted_{}, most_open_{};
  std::deque<LostReply> lost_replies_;
  LineWays ways_;
  bool held_ = false;

  /// A connection, and where its facts stand in history_.
  struct Open {
    std::shared_ptr<ProxiedConnection> connection;
    std::size_t number;
  };
  std::vector<Open> open_;
  std::vector<Connection> history_;

  /// history_, brought up to date.
  const std::vector<Connection>& history() {
    for (const Open& each : open_) history_[each.number] = each.connection->facts();
    return history_;
  }
  std::size_t open(Channel channel) const {
    return static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [&](const Open& each) {
      return each.connection->open() && each.connection->channel() == channel;
    }));
  }

 private:
  struct Watched {
    ProxiedConnection* connection;
    Way side;
  };

  void wake() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  }

  void work();
  void watch(LineClock::time_point now);
  void accept_all(const BoundPort& listener, Channel channel, LineClock::time_point now);
  std::shared_ptr<ProxiedConnection> busiest_control() const;
  void pass_all(LineClock::time_point now);
  void watch_for_reply(ProxiedConnection& data);
  void lose_reply(ProxiedConnection& data);
  timespec pause(LineClock::time_point now) const;

  Fd wake_;
  std::vector<pollfd> polled_;  // the wake-up, the listeners, then what watched_ says
  std::vector<Watched> watched_;
  std::uint64_t activity_ = 0;
  std::size_t turn_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Fills polled_ and watched_.
void FaultProxy::Line::watch(LineClock::time_point now) {
  polled_.assign(1, {wake_.get(), POLLIN, 0});
  watched_.clear();
  if (held_) return;
  polled_.push_back({control_.fd.get(), POLLIN, 0});
  for (const BoundPort& listener : data_) polled_.push_back({listener.fd.get(), POLLIN, 0});
  for (const Open& each : open_) {
    for (const Way side : {Way::to_server, Way::to_client}) {
      const auto interest = each.connection->interest(side, now, ways_);
      if (interest.fd < 0) continue;
      polled_.push_back({interest.fd, interest.events, 0});
      watched_.push_back({each.connection.get(), side});
    }
  }
}

void FaultProxy::Line::work() {
  while (!stop_) {
    timespec pause{};
    {
      const std::lock_guard lock(mutex_);
      const auto now = LineClock::now();
      watch(now);
      pause = this->pause(now);
    }
    ::ppoll(polled_.data(), polled_.size(), &pause, nullptr);
    const std::lock_guard lock(mutex_);
    const auto now = LineClock::now();
    std::uint64_t wakes;
    if (polled_[0].revents != 0) static_cast<void>(!::read(wake_.get(), &wakes, sizeof wakes));
    if (held_ || polled_.size() == 1) continue;
    const std::size_t first = 2 + data_.size();
    for (std::size_t i = 0; i < watched_.size(); ++i)
      watched_[i].connection->take(watched_[i].side, polled_[first + i].revents, now,
                                   ways_[index(watched_[i].side)]);
    if (polled_[1].revents != 0) accept_all(control_, Channel::control, now);
    for (std::size_t i = 0; i < data_.size(); ++i)
      if (polled_[2 + i].revents != 0) accept_all(data_[i], Channel::data, now);
    pass_all(now);
  }
}

timespec FaultProxy::Line::pause(LineClock::time_point now) const {
  using namespace std::chrono;
  LineClock::duration wait = seconds(1);
  const bool limited = ways_[0].rate != 0 || ways_[1].rate != 0;
  for (const Open& each : open_) {
    const auto due = each.connection->due();
    if (!due || held_) continue;
    // What is due and still here waits for its receiver, which poll() tells of, or for the line's limit.
    if (*due > now)
      wait = std::min(wait, *due - now);
    else if (limited)
      wait = std::min<LineClock::duration>(wait, milliseconds(2));
  }
  const auto whole = duration_cast<seconds>(wait);
  return {whole.count(), duration_cast<nanoseconds>(wait - whole).count()};
}

void FaultProxy::Line::accept_all(const BoundPort& listener, Channel channel, LineClock::time_point now) {
  for (;;) {
    Fd client(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) return;
    const std::uint16_t server_port = channel == Channel::control ? server_port_ : listener.port;
    auto connection = std::make_shared<ProxiedConnection>(channel, std::move(client), server_port,
                                                          now + ways_[index(Way::to_server)].delay);
    const std::size_t number = ++accepted_[index(channel)];
    if (refused_[index(channel)].erase(number) > 0) connection->refuse();
    if (channel == Channel::data) connection->control = busiest_control();
    history_.push_back(connection->facts());
    open_.push_back({std::move(connection), history_.size() - 1});
    most_open_[index(channel)] = std::max(most_open_[index(channel)], open(channel));
  }
}

/// The control connection on which something was said last: EPSV and its reply, just now.
std::shared_ptr<ProxiedConnection> FaultProxy::Line::busiest_control() const {
  std::shared_ptr<ProxiedConnection> found;
  for (const auto& [connection, number] : open_) {
    if (connection->channel() != Channel::control || !connection->open()) continue;
    if (!found || connection->activity() > found->activity()) found = connection;
  }
  return found;
}

void FaultProxy::Line::pass_all(LineClock::time_point now) {
  for (LineWay& way : ways_) way.refill(now);
  ++turn_;  // everybody is the first to use a limited line once
  for (std::size_t i = 0; i < open_.size(); ++i) {
    ProxiedConnection& connection = *open_[(i + turn_) % open_.size()].connection;
    connection.connect_if_due(now);
    const auto pass = [&](Way way) {
      connection.pass(way, now, ways_[index(way)], cuts_[index(connection.channel())][index(way)], activity_);
    };
    watch_for_reply(connection);
    pass(Way::to_server);
    if (connection.is_held()) {
      lose_reply(connection);
      pass(Way::to_server);
    }
    pass(Way::to_client);
  }
  std::erase_if(open_, [&](const Open& each) {
    if (!each.connection->open()) history_[each.number] = each.connection->facts();
    return !each.connection->open();
  });
}

void FaultProxy::Line::watch_for_reply(ProxiedConnection& data) {
  const bool awaited = data.channel() == Channel::data && !lost_replies_.empty() && !data.control.expired();
  if (awaited)
    data.hold_at(lost_replies_.front().bytes);
  else
    data.lets_all_pass();
}

/// Before the server has seen all that the client sends: it can't have answered yet.
void FaultProxy::Line::lose_reply(ProxiedConnection& data) {
  if (const auto control = data.control.lock()) {
    control->meet(Way::to_client, lost_replies_.front().fault);
    lost_replies_.pop_front();
  }
  data.holds_no_more();
}

FaultProxy::FaultProxy() : line_(std::make_unique<Line>()) {}
FaultProxy::~FaultProxy() = default;

PortRange FaultProxy::data_ports() const noexcept {
  return {line_->data_.front().port, kDataPorts};
}

void FaultProxy::serve(std::uint16_t control_port) {
  line_->serve(control_port);
}

std::uint16_t FaultProxy::port() const noexcept {
  return line_->control_.port;
}

RemoteSettings FaultProxy::in_front_of(RemoteSettings settings) const {
  const std::string scheme = settings.scheme == Scheme::ftps ? "ftps" : "ftp";
  settings.host = kHost;
  settings.port = port();
  settings.url =
      fmt::format("{}://{}:{}{}{}", scheme, kHost, port(), settings.base.empty() ? "" : "/", settings.base);
  return settings;
}

void FaultProxy::cut(Channel channel, Way way, std::uint64_t bytes, LineFault fault) {
  line_->change([&] { line_->cuts_[index(channel)][index(way)].push_back({bytes, fault}); });
}

void FaultProxy::lose_final_reply(LineFault fault, std::uint64_t bytes) {
  line_->change([&] { line_->lost_replies_.push_back({bytes, fault}); });
}

void FaultProxy::refuse(Channel channel, int k) {
  line_->change([&] {
    line_->refused_[index(channel)].insert(line_->accepted_[index(channel)] + static_cast<std::size_t>(k));
  });
}

void FaultProxy::cut_all(Channel channel, LineFault fault) {
  line_->change([&] {
    for (const auto& [connection, number] : line_->open_)
      if (connection->channel() == channel) connection->meet(Way::to_client, fault);
  });
}

std::size_t FaultProxy::pending() const {
  const std::lock_guard lock(line_->mutex_);
  std::size_t count = line_->lost_replies_.size() + line_->refused_[0].size() + line_->refused_[1].size();
  for (const auto& channel : line_->cuts_)
    for (const auto& way : channel) count += way.size();
  return count;
}

void FaultProxy::forget_pending() {
  line_->change([&] {
    line_->lost_replies_.clear();
    for (auto& refused : line_->refused_) refused.clear();
    for (auto& channel : line_->cuts_)
      for (auto& way : channel) way.clear();
  });
}

void FaultProxy::set_delay(Way way, std::chrono::microseconds delay) {
  line_->change([&] { line_->ways_[index(way)].delay = delay; });
}

void FaultProxy::set_rate(std::uint64_t bytes_per_second) {
  line_->change([&] {
    for (LineWay& way : line_->ways_) {
      way.rate = bytes_per_second;
      way.refilled = LineClock::now();
      way.allowance = 0;
    }
  });
}

void FaultProxy::hold() {
  line_->change([&] { line_->held_ = true; });
}

void FaultProxy::release() {
  line_->change([&] {
    line_->held_ = false;
    for (const auto& [connection, number] : line_->open_) connection->release();
  });
}

std::vector<FaultProxy::Connection> FaultProxy::connections() const {
  const std::lock_guard lock(line_->mutex_);
  return line_->history();
}

std::size_t FaultProxy::open(Channel channel) const {
  const std::lock_guard lock(line_->mutex_);
  return line_->open(channel);
}

std::size_t FaultProxy::most_open(Channel channel) const {
  const std::lock_guard lock(line_->mutex_);
  return line_->most_open_[index(channel)];
}

}  // namespace outhaul::test
