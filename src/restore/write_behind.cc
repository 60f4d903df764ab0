#include "restore/write_behind.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace outhaul {

WriteBehind::WriteBehind(std::vector<Work> works) {
  for (Work& work : works) workers_.push_back({std::move(work), 0, {}});
  try {
    for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { run(worker); });
  } catch (...) {
    stop();
    throw;
  }
}

WriteBehind::~WriteBehind() {
  try {
    hand_over();
  } catch (...) {
    // Whoever wanted to know has asked by write() or flush().
  }
  stop();
}

void WriteBehind::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.join();
}

void WriteBehind::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    Block& block = blocks_[filled_ % kBlocks];  // only this thread changes filled_
    if (!block.bytes)
      block.bytes.reset(static_cast<std::byte*>(::operator new (kBlock, std::align_val_t{kAlignment})));
    const std::size_t some = std::min(bytes.size(), kBlock - block.size);
    std::memcpy(block.bytes.get() + block.size, bytes.data(), some);
    block.size += some;
    bytes = bytes.subspan(some);
    if (block.size == kBlock) hand_over();
  }
}

/// Gives the threads the block that is being filled; returns when there is another one to fill.
void WriteBehind::hand_over() {
  std::unique_lock lock(mutex_);
  rethrow();
  if (blocks_[filled_ % kBlocks].size == 0) return;
  ++filled_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return error_ || filled_ - done() < kBlocks; });
  rethrow();
  blocks_[filled_ % kBlocks].size = 0;
}

void WriteBehind::flush() {
  hand_over();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || done() == filled_; });
  rethrow();
}

/// The blocks that everybody is done with; mutex_ is held.
std::size_t WriteBehind::done() const {
  std::size_t least = filled_;
  for (const Worker& worker : workers_) least = std::min(least, worker.done);
  return least;
}

void WriteBehind::rethrow() {
  if (error_) std::rethrow_exception(error_);
}

void WriteBehind::run(Worker& worker) noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || error_ || worker.done < filled_; });
    if (worker.done == filled_ || error_) return;
    const Block& block = blocks_[worker.done % kBlocks];
    lock.unlock();
    std::exception_ptr failed;
    try {
      worker.work({block.bytes.get(), block.size});
    } catch (...) {
      failed = std::current_exception();
    }
    lock.lock();
    ++worker.done;
    if (failed && !error_) error_ = failed;
    changed_.notify_all();
  }
}

}  // namespace outhaul
