// Hashes and writes behind whoever fetches, side by side, so that neither takes time from the line.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <thread>
#include <vector>

namespace outhaul {

/// From construction to destruction each of `works` is called by a thread of its own, with everything that
/// write() was given, in order. What one throws comes out of the next write() or flush(), and ends them all.
class WriteBehind {
 public:
  using Work = std::function<void(std::span<const std::byte>)>;
  /// A disk that is written to without a cache wants large pieces.
  static constexpr std::size_t kBlock = 2 << 20;
  static constexpr std::size_t kBlocks = 4;
  /// Of the memory that the works are given.
  static constexpr std::size_t kAlignment = 4096;

  explicit WriteBehind(std::vector<Work> works);
  /// Everything that was written has been worked on then, unless one of them threw.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  void write(std::span<const std::byte> bytes);
  /// Returns when everything so far is worked on.
  void flush();

 private:
  struct Release {
    void operator()(std::byte* bytes) const noexcept {
      ::operator delete (bytes, std::align_val_t{kAlignment});
    }
  };
  struct Block {
    std::unique_ptr<std::byte[], Release> bytes;
    std::size_t size = 0;
  };

  struct Worker {
    Work work;
    std::size_t done = 0;  // blocks since the beginning; guarded by mutex_
    std::thread thread;
  };

  void run(Worker& worker) noexcept;
  void stop();
  void hand_over();
  std::size_t done() const;
  void rethrow();

  std::array<Block, kBlocks> blocks_;  // [done(), filled_) are the threads', the others the writer's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filled_ = 0;    // blocks since the beginning; guarded by mutex_
  bool stop_ = false;         // guarded by mutex_
  std::exception_ptr error_;  // guarded by mutex_
  std::vector<Worker> workers_;
};

}  // namespace outhaul
