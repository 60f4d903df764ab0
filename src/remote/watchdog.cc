#include "remote/watchdog.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "base/cancel.h"

namespace outhaul {
namespace {

constexpr std::chrono::milliseconds kPeriod{50};
/// So many rounds without an operation, and the thread sleeps until there is one: waking it for every small
/// file would cost more than the rounds.
constexpr int kIdleRounds = 40;

}  // namespace

void SocketSet::add(int fd) {
  const std::lock_guard lock{mutex_};
  fds_.push_back(fd);
}

void SocketSet::remove(int fd) noexcept {
  const std::lock_guard lock{mutex_};
  std::erase(fds_, fd);
}

bool SocketSet::empty() noexcept {
  const std::lock_guard lock{mutex_};
  return fds_.empty();
}

bool SocketSet::any_readable() noexcept {
  const std::lock_guard lock{mutex_};
  return std::any_of(fds_.begin(), fds_.end(), [](int fd) {
    pollfd asked{fd, POLLIN | POLLRDHUP, 0};
    return ::poll(&asked, 1, 0) > 0;
  });
}

void SocketSet::each(int how) noexcept {
  const std::lock_guard lock{mutex_};
  for (const int fd : fds_) ::shutdown(fd, how);
}

void SocketSet::shut_down_all() noexcept {
  each(SHUT_RDWR);
}
void SocketSet::stop_reading() noexcept {
  each(SHUT_RD);
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Watchdog::Watch::Watch(Watchdog& dog, SocketSet& sockets, const CancelToken& cancel)
    : dog_(dog), sockets_(sockets), cancel_(cancel) {
  const std::lock_guard lock{dog_.mutex_};
  dog_.watches_.insert(this);
  if (!dog_.thread_.joinable()) dog_.thread_ = std::thread([this_dog = &dog_] { this_dog->patrol(); });
  if (dog_.sleeping_) dog_.wake_.notify_all();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock{dog_.mutex_};
  dog_.watches_.erase(this);
}

void Watchdog::patrol() {
  std::unique_lock lock{mutex_};
  for (int idle = 0; !stop_;) {
    if (watches_.empty() && ++idle > kIdleRounds) {
      sleeping_ = true;
      wake_.wait(lock, [this] { return stop_ || !watches_.empty(); });
      sleeping_ = false;
      idle = 0;
    }
    wake_.wait_for(lock, kPeriod, [this] { return stop_; });
    if (!watches_.empty()) idle = 0;
    for (Watch* watch : watches_)
      if (watch->cancel_.cancelled()) watch->sockets_.shut_down_all();
  }
}

}  // namespace outhaul
