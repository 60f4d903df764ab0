// A bounded conveyor of scan items between the thread that walks and the one that reads.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <vector>

#include "outhaul/entry.h"

namespace outhaul {

class CancelToken;

/// Items travel in batches that are used again and again with their buffers, so that neither side locks or
/// allocates per item. One producer, one consumer.
class HandOver {
 public:
  /// Thrown in the producer when nobody wants more items.
  struct Stopped {};

  HandOver();

  // The producer's side.
  /// The place for the next item; it still holds an old one. It counts when push() is called.
  ScanItem& slot();
  void push() noexcept { ++filling_->count; }
  /// No more items; `error`, when there is one, is rethrown behind the last one.
  void close(std::exception_ptr error) noexcept;

  // The consumer's side.
  /// False behind the last item. Throws Error{cancelled} soon after `cancel` fires, even while the producer
  /// hangs.
  bool next(ScanItem& item, const CancelToken& cancel);
  void stop() noexcept;

 private:
  static constexpr std::size_t kItems = 512, kBatches = 4;
  struct Batch {
    std::vector<ScanItem> items;
    std::size_t count = 0;
  };
  /// At most kBatches, first in, first out.
  struct Queue {
    std::array<Batch*, kBatches> batches{};
    std::size_t first = 0, size = 0;
    void put(Batch* batch) noexcept { batches[(first + size++) % kBatches] = batch; }
    Batch* take() noexcept {
      Batch* batch = batches[first];
      first = (first + 1) % kBatches;
      --size;
      return batch;
    }
  };

  bool fetch(const CancelToken& cancel);

  std::array<Batch, kBatches> batches_;
  Batch* filling_;            ///< the producer's
  Batch* reading_ = nullptr;  ///< the consumer's
  std::size_t read_ = 0;      ///< the consumer's

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  Queue free_, full_;
  bool closed_ = false, stopped_ = false;
  std::exception_ptr error_;
};

}  // namespace outhaul
