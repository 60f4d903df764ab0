#include "scan/hand_over.h"

#include <chrono>

#include "base/cancel.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

/// A token can't wake anybody up, so whoever waits looks at it this often.
constexpr std::chrono::milliseconds kLookAtToken{50};

void throw_if(const CancelToken& cancel) {
  if (cancel.cancelled()) throw Error(ErrorKind::cancelled, "the scan was interrupted");
}

}  // namespace

HandOver::HandOver() : filling_(&batches_.front()) {
  for (Batch& batch : batches_) {
    batch.items.resize(kItems);
    if (&batch != filling_) free_.put(&batch);
  }
}

ScanItem& HandOver::slot() {
  if (filling_->count == kItems) {
    std::unique_lock lock(mutex_);
    full_.put(filling_);
    changed_.notify_one();
    changed_.wait(lock, [&] { return free_.size > 0 || stopped_; });
    if (stopped_) throw Stopped{};
    filling_ = free_.take();
    filling_->count = 0;
  }
  return filling_->items[filling_->count];
}

void HandOver::close(std::exception_ptr error) noexcept {
  const std::lock_guard lock(mutex_);
  if (!stopped_ && filling_->count > 0) full_.put(filling_);
  closed_ = true;
  error_ = std::move(error);
  changed_.notify_one();
}

bool HandOver::next(ScanItem& item, const CancelToken& cancel) {
  throw_if(cancel);
  if ((reading_ == nullptr || read_ == reading_->count) && !fetch(cancel)) return false;
  item = std::move(reading_->items[read_++]);
  return true;
}

bool HandOver::fetch(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  if (reading_ != nullptr) {
    free_.put(reading_);
    reading_ = nullptr;
    changed_.notify_one();
  }
  while (!changed_.wait_for(lock, kLookAtToken, [&] { return full_.size > 0 || closed_; })) throw_if(cancel);
  if (full_.size == 0) {
    if (error_) std::rethrow_exception(error_);
    return false;
  }
  reading_ = full_.take();
  read_ = 0;
  return true;
}

void HandOver::stop() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace outhaul
