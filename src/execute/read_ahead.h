// Reads a source ahead of whoever sends it, so that reading and hashing take no time from sending.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "outhaul/remote.h"

namespace outhaul {

/// From construction to destruction `source` belongs to a thread of its own; by then it has been read up to
/// kBlocks blocks beyond what read() gave out. What it throws comes out of read(), behind the bytes before
/// it.
class ReadAhead final : public ByteSource {
 public:
  static constexpr std::size_t kBlock = 256 * 1024;
  static constexpr std::size_t kBlocks = 4;

  explicit ReadAhead(ByteSource& source);
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::size_t read(std::span<std::byte> buffer) override;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  void run() noexcept;
  /// False when nobody wants more.
  bool wait_for_room();

  ByteSource& source_;
  std::array<Block, kBlocks> blocks_;  // those that are filled are the reader's, the others the thread's
  std::size_t used_ = 0;               // of the oldest filled block; reader only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t taken_ = 0, filled_ = 0;  // blocks since the beginning; guarded by mutex_
  bool ended_ = false, stop_ = false;   // guarded by mutex_
  std::exception_ptr error_;            // guarded by mutex_
  std::thread thread_;
};

}  // namespace outhaul
