// One request to stop, seen by every thread. Set by signals, deadlines, or a fatal failure in another lane.
#pragma once

#include <atomic>

namespace outhaul {

class CancelToken {
 public:
  CancelToken() = default;
  /// A token that is also cancelled when `parent` is. `parent` must outlive it.
  explicit CancelToken(const CancelToken& parent) : parent_(&parent) {}
  CancelToken(CancelToken&&) = delete;

  /// `reason` is the caller's (a signal number, for example); the first one stays. Async-signal-safe.
  void cancel(int reason = -1) noexcept {
    int none = 0;
    reason_.compare_exchange_strong(none, reason);
  }
  bool cancelled() const noexcept { return reason() != 0; }
  int reason() const noexcept {
    const int own = reason_.load(std::memory_order_relaxed);
    return own != 0 || parent_ == nullptr ? own : parent_->reason();
  }

 private:
  std::atomic<int> reason_{0};
  const CancelToken* parent_ = nullptr;
};

}  // namespace outhaul
