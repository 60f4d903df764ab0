#include "execute/read_ahead.h"

#include <algorithm>
#include <cstring>

namespace outhaul {

ReadAhead::ReadAhead(ByteSource& source) : source_(source) {
  for (Block& block : blocks_) block.bytes = std::make_unique_for_overwrite<std::byte[]>(kBlock);
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool ReadAhead::wait_for_room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || filled_ - taken_ < kBlocks; });
  return !stop_;
}

void ReadAhead::run() noexcept {
  std::exception_ptr error;
  try {
    while (wait_for_room()) {
      Block& block = blocks_[filled_ % kBlocks];
      block.size = source_.read({block.bytes.get(), kBlock});
      if (block.size == 0) break;
      {
        const std::lock_guard lock(mutex_);
        ++filled_;
      }
      changed_.notify_all();
    }
  } catch (...) {
    error = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    error_ = error;
  }
  changed_.notify_all();
}

std::size_t ReadAhead::read(std::span<std::byte> buffer) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || filled_ > taken_; });
    if (filled_ == taken_) {
      if (error_) std::rethrow_exception(error_);
      return 0;
    }
  }
  const Block& block = blocks_[taken_ % kBlocks];
  const std::size_t count = std::min(buffer.size(), block.size - used_);
  std::memcpy(buffer.data(), block.bytes.get() + used_, count);
  used_ += count;
  if (used_ < block.size) return count;
  used_ = 0;
  {
    const std::lock_guard lock(mutex_);
    ++taken_;
  }
  changed_.notify_all();
  return count;
}

}  // namespace outhaul
