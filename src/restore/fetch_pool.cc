#include "restore/fetch_pool.h"

#include <algorithm>
#include <utility>

namespace outhaul {
namespace {

/// Small files end by the thousand: the caller is woken for a handful of them.
constexpr std::size_t kHandful = 32;
constexpr std::chrono::milliseconds kPatience{100};

}  // namespace

FetchPool::FetchPool(Remote& remote, int lanes, const Fetcher::Context& context,
                     const ConnectionPolicy& policy)
    : remote_(remote),
      lanes_(static_cast<std::size_t>(std::max(lanes, 1))),
      context_(context),
      policy_(policy) {}

FetchPool::~FetchPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  tasks_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

MetadataLosses FetchPool::losses() const {
  const std::lock_guard lock(mutex_);
  return losses_;
}

void FetchPool::run(const std::vector<RestoreStep>& steps, const std::vector<std::size_t>& which,
                    const std::function<bool(FetchOutcome&&)>& take) {
  if (which.empty()) return;
  steps_ = &steps;
  std::unique_lock lock(mutex_);
  tasks_.assign(which.begin(), which.end());
  open_ = which.size();
  running_ = std::min(lanes_, which.size());
  for (std::size_t i = 0, lanes = running_; i < lanes; ++i) threads_.emplace_back([this, i] { work(i); });
  while (open_ > 0) {
    outcomes_ready_.wait_for(lock, kPatience, [&] { return outcomes_.size() >= kHandful || tasks_.empty(); });
    if (outcomes_.empty() && tasks_.empty())
      outcomes_ready_.wait_for(lock, kPatience, [&] { return !outcomes_.empty(); });
    std::vector<FetchOutcome> ready = std::exchange(outcomes_, {});
    open_ -= ready.size();
    lock.unlock();
    bool go_on = true;
    for (FetchOutcome& outcome : ready) go_on = take(std::move(outcome)) && go_on;
    lock.lock();
    if (go_on) continue;
    open_ -= tasks_.size();
    tasks_.clear();
    stopping_ = true;
    tasks_ready_.notify_all();
  }
  stopping_ = true;
  lock.unlock();
  tasks_ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  stopping_ = false;
}

void FetchPool::work(std::size_t number) {
  for (int refusals = 0; !serve(number, refusals);)
    if (!sit_out(refusals)) return;
}

/// False when the server allows no such connection.
bool FetchPool::serve(std::size_t number, int& refusals) {
  const std::unique_ptr<Lane> lane = remote_.open_lane(context_.cancel);
  Fetcher fetcher(*lane, static_cast<int>(number), context_);
  bool stay = true;
  for (std::size_t index = 0; stay && next(index);) {
    bool others = false;
    {
      const std::lock_guard lock(mutex_);
      others = running_ > 1;
    }
    FetchOutcome outcome = fetcher.perform((*steps_)[index], index, others);
    refusals = outcome.status == FetchOutcome::Status::handed_back ? refusals + 1 : 0;
    stay = leave(std::move(outcome));
  }
  const std::lock_guard lock(mutex_);
  losses_.not_root += fetcher.losses().not_root;
  losses_.no_xattrs += fetcher.losses().no_xattrs;
  return stay;
}

/// Waits while another lane may still hand its file back.
bool FetchPool::next(std::size_t& index) {
  std::unique_lock lock(mutex_);
  tasks_ready_.wait(lock, [&] { return stopping_ || open_ == outcomes_.size() || !tasks_.empty(); });
  if (stopping_ || tasks_.empty()) return false;
  index = tasks_.front();
  tasks_.pop_front();
  return true;
}

/// False when the lane is to close its connection and to sit out.
bool FetchPool::leave(FetchOutcome&& outcome) {
  const std::lock_guard lock(mutex_);
  if (outcome.status == FetchOutcome::Status::handed_back) {
    const bool stay = running_ == 1;  // the others have gone meanwhile: somebody must go on asking
    if (!stay) --running_;
    tasks_.push_front(outcome.step);
    tasks_ready_.notify_all();
    return stay;
  }
  outcomes_.push_back(std::move(outcome));
  if (open_ == outcomes_.size()) tasks_ready_.notify_all();  // nothing can be handed back any more
  if (outcomes_.size() >= kHandful || tasks_.empty()) outcomes_ready_.notify_one();
  return true;
}

/// False when nothing is left to do.
bool FetchPool::sit_out(int refusals) {
  std::unique_lock lock(mutex_);
  const auto pause = backoff(policy_.refused, std::max(refusals - 1, 0), 1.0);
  const auto over = [&] { return stopping_ || context_.cancel.cancelled(); };
  if (tasks_ready_.wait_for(lock, pause, over)) return false;
  ++running_;
  return true;
}

}  // namespace outhaul
