#include "execute/lane_pool.h"

#include <algorithm>
#include <utility>

namespace outhaul {
namespace {

constexpr std::size_t kHandful = 32;
constexpr std::uint64_t kLarge = 1024 * 1024;

/// A cancelled operation ends within 200 ms; a server that answers slowly to nothing must not hold us longer.
constexpr std::chrono::seconds kGiveUpTime{5};

bool used_connection(const Outcome& outcome) {
  const bool stored = outcome.task.kind == Task::Kind::upload && outcome.status == Outcome::Status::done;
  return stored || outcome.sent > 0;
}

}  // namespace

LanePool::LanePool(Remote& remote, int lanes, const Uploader::Context& context,
                   const ConnectionPolicy& policy)
    : context_(context),
      policy_(policy),
      remote_(&remote),
      slots_(static_cast<std::size_t>(lanes)),
      running_(lanes) {
  threads_.reserve(slots_.size());
  try {
    for (std::size_t i = 0; i < slots_.size(); ++i) threads_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stop();  // a thread that isn't joined would end the process
    throw;
  }
}

LanePool::LanePool(Lane& shared, const Uploader::Context& context)
    : context_(context), inline_(std::make_unique<Uploader>(shared, 0, context)), slots_(1), running_(1) {}

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
  stopped_.notify_all();
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
    slots_.front().proven |= used_connection(ready.front());
  } else {
    std::unique_lock lock(mutex_);
    outcomes_ready_.wait_for(lock, time, [&] { return worth_waking(); });
    ready.swap(outcomes_);
    urgent_ = false;
  }
  open_ -= ready.size();
  return ready;
}

bool LanePool::give_one_up() {
  std::unique_lock lock(mutex_);
  Slot* chosen = nullptr;
  for (Slot& slot : slots_) {
    const bool may_hold_one = slot.cancel != nullptr && !slot.called_off && (slot.connected || slot.busy);
    if (may_hold_one && (chosen == nullptr || (chosen->busy && !slot.busy))) chosen = &slot;
  }
  if (chosen == nullptr) return false;
  chosen->called_off = true;
  if (chosen->busy) chosen->cancel->cancel();
  tasks_ready_.notify_all();
  const std::size_t before = releases_;
  released_.wait_for(lock, kGiveUpTime, [&] { return releases_ != before; });
  return true;
}

/// One lane alone is what the server let us have; beside several there is the command channel.
ConnectionUse LanePool::use() const {
  const std::lock_guard lock(mutex_);
  ConnectionUse use;
  for (const Slot& slot : slots_) {
    use.used += slot.proven && !slot.refused ? 1 : 0;
    use.refused |= slot.refused;
  }
  use.used += inline_ ? 0 : 1;
  return use;
}

/// Small files end by the thousand, and to wake the job thread for each costs as much as a command on the
/// wire. Nothing is gained by it before a batch is full. What needs a decision and the last files don't wait.
bool LanePool::worth_waking() const {
  return outcomes_.size() >= kHandful || (!outcomes_.empty() && (urgent_ || tasks_.empty()));
}

void LanePool::work(std::size_t number) {
  Slot& slot = slots_[number];
  do {
    CancelToken cancel(context_.cancel);
    {
      const std::lock_guard lock(mutex_);
      slot.cancel = &cancel;
    }
    serve(number, cancel);
    const std::lock_guard lock(mutex_);
    slot.cancel = nullptr;
  } while (sit_out(slot));
}

void LanePool::serve(std::size_t number, const CancelToken& cancel) {
  const std::unique_ptr<Lane> lane = remote_->open_lane(cancel);
  Uploader uploader(*lane, static_cast<int>(number), context_, &cancel);
  for (bool stay = true; stay;) {
    const std::optional<Task> task = next_task(slots_[number], *lane);
    if (!task) return;
    stay = leave(slots_[number], uploader.perform(*task));
  }
}

/// Nothing when the lane is to close its connection.
std::optional<Task> LanePool::next_task(Slot& slot, Lane& lane) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return stopping_ || slot.called_off || !tasks_.empty(); };
  if (!tasks_ready_.wait_for(lock, policy_.idle, ready)) {
    slot.connected = false;
    lock.unlock();
    lane.rest();
    lock.lock();
    tasks_ready_.wait(lock, ready);
  }
  if (stopping_) return std::nullopt;
  if (slot.called_off) {
    --running_;
    return std::nullopt;
  }
  slot.busy = true;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

/// False when the lane is to close its connection and to sit out.
bool LanePool::leave(Slot& slot, Outcome&& outcome) {
  bool stay = true;
  {
    const std::lock_guard lock(mutex_);
    slot.busy = false;
    if (used_connection(outcome)) {
      slot.connected = slot.proven = true;
      slot.refused = false;
      slot.refusals = 0;
    }
    if (outcome.status == Outcome::Status::handed_back) {
      slot.connected = false;
      slot.refused = true;
      ++slot.refusals;
      stay = running_ == 1;  // somebody must go on asking
      exhausted_ = exhausted_ || stay;
    } else if (slot.called_off) {
      stay = false;
      if (outcome.failure == FailureClass::cancelled && !context_.cancel.cancelled())
        outcome.status = Outcome::Status::handed_back;
    }
    if (outcome.status == Outcome::Status::handed_back && outcome.sent > 0) outcome.task.resume = true;
    if (!stay) --running_;
    urgent_ |= outcome.status != Outcome::Status::done || outcome.entry.size > kLarge;
    outcomes_.push_back(std::move(outcome));
    if (worth_waking()) outcomes_ready_.notify_one();
  }
  return stay;
}

/// False when the pool stops.
bool LanePool::sit_out(Slot& slot) {
  std::unique_lock lock(mutex_);
  slot.connected = slot.called_off = false;
  ++releases_;
  released_.notify_all();
  const auto pause = backoff(policy_.refused, std::max(slot.refusals - 1, 0), 1.0);
  if (stopped_.wait_for(lock, pause, [&] { return stopping_; })) return false;
  ++running_;
  return true;
}

}  // namespace outhaul
