#include "moment.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace outhaul::test {
namespace {

std::uint32_t mask_of(Lookout::Step step) {
  switch (step) {
    case Lookout::Step::commit:
      return IN_MODIFY;
    case Lookout::Step::sending:
      return IN_CREATE;
    case Lookout::Step::renamed:
      return IN_MOVED_FROM;
    case Lookout::Step::removed:
      return IN_DELETE | IN_MOVED_FROM;
    case Lookout::Step::none:
      break;
  }
  return 0;
}

}  // namespace

Lookout::Lookout() : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_ < 0) throw std::runtime_error("no inotify");
}

Lookout::~Lookout() {
  ::close(fd_);
}

void Lookout::watch(const std::filesystem::path& dir, Step step) {
  const int id = ::inotify_add_watch(fd_, dir.c_str(), mask_of(step) | IN_ONLYDIR);
  if (id >= 0) watched_.push_back({id, step});  // else it isn't there, and nothing happens in it yet
}

int Lookout::seen(Step step) {
  alignas(inotify_event) std::array<char, 16384> buffer;
  int count = 0;
  for (ssize_t got; (got = ::read(fd_, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      count += std::any_of(watched_.begin(), watched_.end(),
                           [&](const Watched& w) { return w.id == event->wd && w.step == step; });
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  return count;
}

void Lookout::wait(Step step, int count, Process& process, std::chrono::microseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (int so_far = 0; !process.try_wait();) {
    so_far += seen(step);
    if (step != Step::none && so_far >= count) return;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd events{fd_, POLLIN, 0};
    const auto pause = std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(2));
    const timespec time{0, static_cast<long>(pause.count())};
    ::ppoll(&events, step == Step::none ? 0 : 1, &time, nullptr);
  }
}

}  // namespace outhaul::test
