#include "execute/lane_pool.h"

#include <utility>

namespace outhaul {
namespace {

constexpr std::size_t kHandful = 32;
constexpr std::uint64_t kLarge = 1024 * 1024;

}  // namespace

LanePool::LanePool(Remote& remote, int lanes, const Uploader::Context& context) : context_(context) {
  for (int i = 0; i < lanes; ++i) lanes_.push_back(remote.open_lane(context.cancel));
  running_ = lanes;
  threads_.reserve(static_cast<std::size_t>(lanes));
  try {
    for (int i = 0; i < lanes; ++i) threads_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stop();  // a thread that isn't joined would end the process
    throw;
  }
}

LanePool::LanePool(Lane& shared, const Uploader::Context& context)
    : context_(context), inline_(std::make_unique<Uploader>(shared, 0, context)), running_(1) {}

LanePool::~LanePool() {
  stop();
}

void LanePool::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  tasks_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void LanePool::submit(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  ++open_;
  tasks_ready_.notify_one();
}

std::size_t LanePool::queued() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

int LanePool::lanes() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool LanePool::exhausted() const {
  const std::lock_guard lock(mutex_);
  return exhausted_;
}

std::vector<Task> LanePool::take_back() {
  const std::lock_guard lock(mutex_);
  std::vector<Task> taken(std::make_move_iterator(tasks_.begin()), std::make_move_iterator(tasks_.end()));
  tasks_.clear();
  open_ -= taken.size();
  return taken;
}

std::vector<Outcome> LanePool::wait(std::chrono::milliseconds time) {
  std::vector<Outcome> ready;
  if (open_ == 0) return ready;
  if (inline_) {
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ready.push_back(inline_->perform(task));
  } else {
    std::unique_lock lock(mutex_);
    outcomes_ready_.wait_for(lock, time, [&] { return worth_waking(); });
    ready.swap(outcomes_);
    urgent_ = false;
  }
  open_ -= ready.size();
  return ready;
}

/// Small files end by the thousand, and to wake the job thread for each costs as much as a command on the wire.
/// Nothing is gained by it before a batch is full. What needs a decision and the last files don't wait.
bool LanePool::worth_waking() const {
  return outcomes_.size() >= kHandful || (!outcomes_.empty() && (urgent_ || tasks_.empty()));
}

void LanePool::work(int number) {
  Uploader uploader(*lanes_[static_cast<std::size_t>(number)], number, context_);
  for (bool stay = true; stay;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      tasks_ready_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    leave(uploader.perform(task), number, stay);
  }
}

void LanePool::leave(Outcome&& outcome, int number, bool& stay) {
  {
    const std::lock_guard lock(mutex_);
    // The provider wants fewer connections: this lane ends, unless it is the last one.
    if (outcome.status == Outcome::Status::handed_back) {
      stay = running_ == 1;
      if (stay)
        exhausted_ = true;
      else
        --running_;
    }
    urgent_ |= outcome.status != Outcome::Status::done || outcome.entry.size > kLarge;
    outcomes_.push_back(std::move(outcome));
    if (worth_waking()) outcomes_ready_.notify_one();
  }
  if (!stay) lanes_[static_cast<std::size_t>(number)].reset();
}

}  // namespace outhaul
