#include "lanes/crew.h"

#include <algorithm>
#include <utility>

#include "lanes/commands.h"

namespace outhaul {

Crew::Crew(const Context& context)
    : context_(context),
      running_(context.lanes),
      random_(static_cast<std::minstd_rand::result_type>(context.clock.now_ns())) {
  threads_.reserve(static_cast<std::size_t>(context.lanes));
  try {
    for (int number = 0; number < context.lanes; ++number)
      threads_.emplace_back([this, number] { work(number); });
  } catch (...) {
    stop();  // a thread that isn't joined would end the process
    throw;
  }
}

Crew::Crew(const Context& context, Lane& shared)
    : context_(context),
      shared_(&shared),
      running_(1),
      random_(static_cast<std::minstd_rand::result_type>(context.clock.now_ns())) {}

Crew::~Crew() {
  stop();
}

void Crew::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  tasks_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::submit(std::unique_ptr<LaneTask> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  ++open_;
  tasks_ready_.notify_one();
}

std::vector<std::unique_ptr<LaneTask>> Crew::wait(std::chrono::milliseconds time) {
  std::vector<std::unique_ptr<LaneTask>> ended;
  if (open_ == 0) return ended;
  if (shared_ != nullptr) {
    std::unique_ptr<LaneTask> task = std::move(tasks_.front());
    tasks_.pop_front();
    carry_out(*task, *shared_, 0, false);
    ended.push_back(std::move(task));
  } else {
    std::unique_lock lock(mutex_);
    ended_ready_.wait_for(lock, time, [&] { return !ended_.empty(); });
    ended.swap(ended_);
  }
  open_ -= ended.size();
  for (const std::unique_ptr<LaneTask>& task : ended)
    if (task->fatal) std::rethrow_exception(task->fatal);
  return ended;
}

bool Crew::release_one() {
  std::unique_lock lock(mutex_);
  if (shared_ != nullptr || running_ <= 1) return false;
  const int before = running_;
  ++to_leave_;
  tasks_ready_.notify_all();
  left_.wait(lock, [&] { return running_ < before; });
  return true;
}

int Crew::lanes() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

std::uint64_t Crew::retries() const {
  const std::lock_guard lock(mutex_);
  return retries_;
}

ConnectionUse Crew::use() const {
  const std::lock_guard lock(mutex_);
  return {.used = std::min(proven_, std::max(running_, 1)), .refused = refused_};
}

void Crew::work(int number) {
  const std::unique_ptr<Lane> lane = context_.remote.open_lane(context_.cancel);
  for (bool proven = false;;) {
    std::unique_lock lock(mutex_);
    tasks_ready_.wait(lock, [&] { return stopping_ || to_leave_ > 0 || !tasks_.empty(); });
    if (stopping_) return;
    if (std::exchange(to_leave_, std::max(to_leave_ - 1, 0)) > 0 && running_ > 1) {
      --running_;
      break;
    }
    if (tasks_.empty()) continue;
    std::unique_ptr<LaneTask> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    const End end = carry_out(*task, *lane, number, true);
    lock.lock();
    if (end == End::turned_away) {
      tasks_.push_front(std::move(task));
      refused_ = true;
      --running_;
      tasks_ready_.notify_one();
      break;
    }
    if (!task->failure && !task->fatal && !std::exchange(proven, true)) ++proven_;
    ended_.push_back(std::move(task));
    ended_ready_.notify_one();
  }
  left_.notify_all();
}

/// With `may_leave` a lane that is turned away says so, if others stay.
Crew::End Crew::carry_out(LaneTask& task, Lane& lane, int number, bool may_leave) {
  for (int failures = 0;;) {
    try {
      task.attempt(lane, number);
      return End::ended;
    } catch (const RemoteError& error) {
      if (error.failure() == FailureClass::lower_cap && may_leave) {
        const std::lock_guard lock(mutex_);
        if (running_ > 1) return End::turned_away;
      }
      if (task.got_further()) failures = 0;
      if (!is_passing(error.failure()) || failures >= context_.policy.retries) {
        task.failure = error;
        return End::ended;
      }
      if (!wait_before_retry(task, number, failures++, error)) {
        task.failure.emplace(FailureClass::cancelled, "stopped on request");
        return End::ended;
      }
    } catch (...) {
      task.fatal = std::current_exception();
      return End::ended;
    }
  }
}

bool Crew::wait_before_retry(const LaneTask& task, int number, int attempt, const RemoteError& error) {
  std::chrono::milliseconds delay{};
  {
    const std::lock_guard lock(mutex_);
    delay = backoff(context_.policy, attempt, std::generate_canonical<double, 24>(random_));
    ++retries_;
  }
  context_.events.on(
      RetryScheduled{number, task.name(), error.what(), attempt + 1, context_.policy.retries, delay.count()});
  return context_.clock.wait(delay, context_.cancel);
}

}  // namespace outhaul
