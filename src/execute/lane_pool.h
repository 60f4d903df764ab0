// N lanes, one thread each, fed from one queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "execute/uploader.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Workers take tasks in order and leave outcomes. The job thread is the only one that calls the public
/// methods. With `shared` set there is no thread and no further connection: wait() performs one task itself,
/// on that lane.
class LanePool {
 public:
  /// Opens `lanes` lanes of `remote`; none connects before its first upload.
  LanePool(Remote& remote, int lanes, const Uploader::Context& context);
  LanePool(Lane& shared, const Uploader::Context& context);
  /// Stops and joins; tasks that were not taken are dropped. Cancel first to interrupt what is going on.
  ~LanePool();

  void submit(Task task);
  std::size_t queued() const;
  /// Outcomes that are there, waiting up to `time` until they are worth it. Empty when nothing is under way or
  /// nothing ended in that time.
  std::vector<Outcome> wait(std::chrono::milliseconds time);
  /// Tasks submitted whose outcome wasn't collected yet.
  std::size_t open() const noexcept { return open_; }
  int lanes() const;
  /// The last lane, too, was told that there are too many connections.
  bool exhausted() const;
  /// Takes back everything that no lane has begun.
  std::vector<Task> take_back();

 private:
  bool worth_waking() const;  ///< holding mutex_
  void stop() noexcept;
  void work(int number);
  void leave(Outcome&& outcome, int number, bool& stay);

  Uploader::Context context_;
  std::unique_ptr<Uploader> inline_;
  mutable std::mutex mutex_;
  std::condition_variable tasks_ready_, outcomes_ready_;
  std::deque<Task> tasks_;         // guarded by mutex_
  std::vector<Outcome> outcomes_;  // guarded by mutex_
  int running_ = 0;                // guarded by mutex_: lanes that haven't given up their connection
  bool exhausted_ = false;         // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_
  bool urgent_ = false;            // guarded by mutex_: outcomes_ holds one that others must not delay
  std::size_t open_ = 0;           // job thread only
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::thread> threads_;
};

}  // namespace outhaul
