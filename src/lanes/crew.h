// Lanes that carry out tasks of any kind: listings, downloads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/backoff.h"
#include "outhaul/events.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Something for one lane to do. Made by the job thread, carried out by a lane's, given back to the job
/// thread.
class LaneTask {
 public:
  virtual ~LaneTask() = default;
  /// One attempt over `lane`, which is number `lane_number`. Throws RemoteError; what may pass is tried
  /// again.
  virtual void attempt(Lane& lane, int lane_number) = 0;
  /// For the message about a retry.
  virtual std::string name() const = 0;
  /// True when the last attempt got further than every one before it: then the retries begin anew.
  virtual bool got_further() { return false; }

  /// Set when it ended without success.
  std::optional<RemoteError> failure;
  /// Anything else that it threw, such as a secret that can't be resolved: Crew::wait() throws it.
  std::exception_ptr fatal;
};

class Crew {
 public:
  struct Context {
    Remote& remote;
    int lanes = 1;
    RetryPolicy policy;
    Clock& clock;
    const CancelToken& cancel;
    EventSink& events;
  };
  /// A thread for each lane. Those that the server turns away for too many connections leave, all but one.
  explicit Crew(const Context& context);
  /// No threads: wait() carries the tasks out over `shared`, which must outlive the crew.
  Crew(const Context& context, Lane& shared);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void submit(std::unique_ptr<LaneTask> task);
  /// Submitted and not given back.
  std::size_t open() const noexcept { return open_; }
  /// What has ended; waits for the first of them for at most `time`. After a cancellation every task ends
  /// soon.
  std::vector<std::unique_ptr<LaneTask>> wait(std::chrono::milliseconds time);
  /// Lets one lane go when its task has ended, so that its connection is free for something else. False when
  /// there is only one.
  bool release_one();
  int lanes() const;
  std::uint64_t retries() const;
  /// What was seen of the server's limit on connections.
  ConnectionUse use() const;

 private:
  enum class End : std::uint8_t { ended, turned_away };
  void work(int number);
  End carry_out(LaneTask& task, Lane& lane, int number, bool may_leave);
  bool wait_before_retry(const LaneTask& task, int number, int attempt, const RemoteError& error);
  void stop() noexcept;

  Context context_;
  Lane* shared_ = nullptr;
  mutable std::mutex mutex_;
  std::condition_variable tasks_ready_, ended_ready_, left_;
  std::deque<std::unique_ptr<LaneTask>> tasks_;   // guarded by mutex_; inline: the job thread's alone
  std::vector<std::unique_ptr<LaneTask>> ended_;  // guarded by mutex_
  int running_ = 0, to_leave_ = 0;                // guarded by mutex_
  int proven_ = 0;                                // guarded by mutex_: lanes that have done something
  bool refused_ = false;                          // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  std::uint64_t retries_ = 0;                     // guarded by mutex_
  std::minstd_rand random_;                       // guarded by mutex_
  std::size_t open_ = 0;                          // job thread only
  std::vector<std::thread> threads_;
};

}  // namespace outhaul
