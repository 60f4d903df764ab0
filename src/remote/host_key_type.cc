#include "remote/host_key_type.h"

#include <chrono>

#include "base/cancel.h"

namespace outhaul {

HostKeyType::Turn HostKeyType::wait(const CancelToken& cancel) {
  std::unique_lock lock{mutex_};
  while (trying_ && !known_ && !cancel.cancelled()) changed_.wait_for(lock, std::chrono::milliseconds{50});
  if (trying_ || known_) return {};
  trying_ = true;
  return Turn{*this};
}

std::optional<std::string> HostKeyType::known() const {
  const std::lock_guard lock{mutex_};
  return known_;
}

void HostKeyType::found(std::string type) {
  const std::lock_guard lock{mutex_};
  known_ = std::move(type);
  changed_.notify_all();
}

void HostKeyType::forget() {
  const std::lock_guard lock{mutex_};
  known_.reset();
}

void HostKeyType::give_up() {
  const std::lock_guard lock{mutex_};
  trying_ = false;
  changed_.notify_all();
}

}  // namespace outhaul
