// Uploads that don't fit: who is tried again, in which order, and who is left aside.
//
// A 552 for one file says nothing of smaller ones, and nothing for certain of the file itself while others
// were under way: they may have held the room that it needed. So what is under way ends first, and what may
// go goes. Then the smallest come first, and when that doesn't help, one at a time: the first one that
// doesn't fit alone ends it for itself and for all that are as large.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nanoseconds.h"
#include "execute/disk_probe.h"
#include "execute/transfers.h"
#include "plan/space.h"

namespace outhaul {
namespace {

constexpr std::uint64_t kLeastReserve = 4096;

bool smaller(const Action* a, const Action* b) {
  return a->entry.size < b->entry.size;
}

}  // namespace

bool Transfers::leave_aside(const Action& action) {
  if (action.entry.size <= most_) return false;
  too_large_.push_back(&action);
  context_.tally.not_stored(action.entry, "it is larger than all that the remote has room for");
  context_.tally.problem(
      Problem::Severity::error, action.entry.path,
      fmt::format("not stored: it has {}, and all that the remote has room for, what outhaul keeps there "
                  "included, is {}{}",
                  space_in_words(action.entry.size), space_in_words(most_),
                  action.entry.object == kNoObject ? "" : "; its copy from before stays"),
      "Exclude it, or buy space. The others are stored; each run looks again.");
  return true;
}

void Transfers::take_no_space(Outcome&& outcome) {
  const Action* action = outcome.task.action;
  const std::uint64_t size = action->entry.size;
  last_words_ = outcome.message;
  remember_sent({outcome.task});
  taken_ = clamped_sum(taken_, std::min(size, clamped_sum(outcome.resumed, outcome.sent)));
  smallest_failed_ = std::min(smallest_failed_, size);
  full_ = true;
  for (Task& task : pool().take_back()) again_.push_back(std::move(task));
  if (context_.names != nullptr) {  // what is there can't be taken away; the next run may go on with it
    note_part(outcome);
    limit_ = std::min(limit_, size);  // what is tried in vain stays there, too
    misfits_.push_back(action);
    return;
  }
  take_part_away(outcome.task);
  // With one connection nothing else was under way.
  if (alone_ || context_.connections.only_one())
    failed_alone_.push_back(action);
  else
    uploads_.push_back(action);
}

/// It would hold the room that smaller files need, and be of no use. What can't be removed is left to the
/// next run, which knows of it.
void Transfers::take_part_away(const Task& task) {
  using Status = CommandResult::Status;
  const Status removed = context_.connections.commands().run_one(RemoveFile{task.part}).status;
  if (removed != Status::done && removed != Status::missing) return;
  Transaction transaction = context_.state.begin();
  context_.state.drop_part(task.object);
  transaction.commit();
}

/// Nothing is under way. Each time there is less to hope for: made room, the smallest first, one at a time.
void Transfers::go_on_when_full() {
  full_ = false;
  std::uint64_t room = std::exchange(taken_, 0);
  const std::uint64_t freed = context_.make_room ? context_.make_room() : 0;
  if (stopped()) return;
  const std::uint64_t gone = clamped_sum(freed, std::exchange(replaced_, 0));
  room = clamped_sum(room, gone);
  for (const Action* action : std::exchange(failed_alone_, {})) {
    if (gone == 0) limit_ = std::min(limit_, action->entry.size);
    uploads_.push_back(action);
  }
  if (by_size_ && gone == 0) alone_ = true;
  by_size_ = true;
  set_misfits_aside(room);
  smallest_failed_ = UINT64_MAX;
  drop_unwanted_parts();
  if (!uploads_.empty() || !again_.empty()) hold_reserve();
}

/// What is small would else fill the remote to its last byte, and the catalog that tells of it could not be
/// stored.
void Transfers::hold_reserve() {
  if (reserved_ || context_.reserve == 0 || context_.names != nullptr || pool().open() > 0) return;
  reserved_ = true;
  litter_.insert(reserve_name());
  // Some of it is better than none.
  for (std::uint64_t bytes = context_.reserve; bytes >= kLeastReserve && !stopped(); bytes /= 2) {
    Task task;
    task.kind = Task::Kind::fill;
    task.part = reserve_name();
    task.fill = bytes;
    pool().submit(std::move(task));
    FailureClass failure = FailureClass::none;
    while (pool().open() > 0)
      for (const Outcome& outcome : pool().wait(std::chrono::milliseconds(100))) failure = outcome.failure;
    if (failure == FailureClass::none) return;
    context_.connections.commands().run_one(RemoveFile{reserve_name()});
    if (failure != FailureClass::no_space) return;
  }
}

/// What `batch` frees on the remote once it is published.
std::uint64_t Transfers::replaced_by(const std::vector<Outcome>& batch) const {
  std::uint64_t bytes = 0;
  for (const Outcome& outcome : batch) {
    const ObjectId old = outcome.task.action->entry.object;
    if (old == kNoObject || context_.job.keeps_versions()) continue;
    if (const std::optional<StoredObject> object = context_.state.object(old)) bytes += object->size;
  }
  return bytes;
}

/// At most `room` bytes were there for what failed.
void Transfers::set_misfits_aside(std::uint64_t room) {
  const auto fits = [&](const Action* action) {
    const std::uint64_t size = action->entry.size;
    return size < limit_ && (size <= room || size < smallest_failed_);
  };
  const auto first_large = std::stable_partition(uploads_.begin(), uploads_.end(), fits);
  misfits_.insert(misfits_.end(), first_large, uploads_.end());
  uploads_.erase(first_large, uploads_.end());
  const auto first_back = std::stable_partition(again_.begin(), again_.end(),
                                                [&](const Task& task) { return fits(task.action); });
  for (auto task = first_back; task != again_.end(); ++task) {
    misfits_.push_back(task->action);
    if (context_.names == nullptr) take_part_away(*task);
  }
  again_.erase(first_back, again_.end());
}

void Transfers::put_smallest_first() {
  if (!std::is_sorted(uploads_.begin(), uploads_.end(), smaller))
    std::stable_sort(uploads_.begin(), uploads_.end(), smaller);
  const auto smaller_task = [](const Task& a, const Task& b) { return smaller(a.action, b.action); };
  std::stable_sort(again_.begin(), again_.end(), smaller_task);
}

void Transfers::try_misfits_again() {
  limit_ = UINT64_MAX;
  uploads_.insert(uploads_.end(), misfits_.begin(), misfits_.end());
  misfits_.clear();
}

std::vector<const Action*> Transfers::unstored() const {
  std::vector<const Action*> all(misfits_);
  all.insert(all.end(), failed_alone_.begin(), failed_alone_.end());
  all.insert(all.end(), too_large_.begin(), too_large_.end());
  all.insert(all.end(), compares_.begin(), compares_.end());
  all.insert(all.end(), uploads_.begin(), uploads_.end());
  for (const Task& task : again_) all.push_back(task.action);
  for (const Outcome& outcome : sent_) all.push_back(outcome.task.action);
  for (const Outcome& outcome : held_) all.push_back(outcome.task.action);
  return all;
}

std::uint64_t Transfers::drop_unwanted_parts() {
  if (leftovers_.empty() || context_.names != nullptr) return 0;
  std::set<ObjectId> wanted;
  const auto want = [&](const Action* action) {
    const auto [first, last] = leftovers_.equal_range(action->entry.path.bytes());
    for (auto left = first; left != last; ++left)
      if (goes_on_with(left->second, *action)) wanted.insert(left->second.object);
  };
  std::ranges::for_each(uploads_, want);
  std::ranges::for_each(compares_, want);
  std::vector<Part> unwanted;
  for (auto left = leftovers_.begin(); left != leftovers_.end();) {
    if (wanted.contains(left->second.object)) {
      ++left;
    } else {
      unwanted.push_back(std::move(left->second));
      left = leftovers_.erase(left);
    }
  }
  return remove_parts(unwanted, {});
}

}  // namespace outhaul
