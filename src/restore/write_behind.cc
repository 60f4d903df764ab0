#include "restore/write_behind.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace outhaul {

WriteBehind::WriteBehind(Work work) : work_(std::move(work)) {
  thread_ = std::thread([this] { run(); });
}

WriteBehind::~WriteBehind() {
  try {
    hand_over();
  } catch (...) {
    // Whoever wanted to know has asked by write() or flush().
  }
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WriteBehind::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    Block& block = blocks_[filled_ % kBlocks];  // only this thread changes filled_
    if (!block.bytes) block.bytes = std::make_unique_for_overwrite<std::byte[]>(kBlock);
    const std::size_t some = std::min(bytes.size(), kBlock - block.size);
    std::memcpy(block.bytes.get() + block.size, bytes.data(), some);
    block.size += some;
    bytes = bytes.subspan(some);
    if (block.size == kBlock) hand_over();
  }
}

/// Gives the thread the block that is being filled; returns when there is another one to fill.
void WriteBehind::hand_over() {
  std::unique_lock lock(mutex_);
  rethrow();
  if (blocks_[filled_ % kBlocks].size == 0) return;
  ++filled_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return error_ || filled_ - done_ < kBlocks; });
  rethrow();
}

void WriteBehind::flush() {
  hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || done_ == filled_; });
  rethrow();
}

void WriteBehind::rethrow() {
  if (error_) std::rethrow_exception(error_);
}

void WriteBehind::run() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || done_ < filled_; });
    if (done_ == filled_ || error_) return;
    Block& block = blocks_[done_ % kBlocks];
    lock.unlock();
    std::exception_ptr failed;
    try {
      work_({block.bytes.get(), block.size});
    } catch (...) {
      failed = std::current_exception();
    }
    lock.lock();
    block.size = 0;
    ++done_;
    error_ = failed;
    changed_.notify_all();
    if (error_) return;
  }
}

}  // namespace outhaul
