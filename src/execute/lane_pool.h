// N lanes, one thread each, fed from one queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "execute/uploader.h"
#include "lanes/connection_policy.h"
#include "outhaul/remote.h"
#include "outhaul/server_memory.h"

namespace outhaul {

/// Workers take tasks in order and leave outcomes. The job thread is the only one that calls the public
/// methods. With `shared` set there is no thread and no further connection: wait() performs one task itself,
/// on that lane.
///
/// A lane that the server turns away for too many connections hands its task back, sits out for a while and
/// tries again: what stood in its way may have been sessions of a dead line. An idle one closes its
/// connection; its next task opens a new one.
class LanePool {
 public:
  /// Opens `lanes` lanes of `remote`, which must outlive the pool; none connects before its first upload.
  LanePool(Remote& remote, int lanes, const Uploader::Context& context, const ConnectionPolicy& policy = {});
  LanePool(Lane& shared, const Uploader::Context& context);
  /// Stops and joins; tasks that were not taken are dropped. Cancel first to interrupt what is going on.
  ~LanePool();

  void submit(Task task);
  std::size_t queued() const;
  /// Outcomes that are there, waiting up to `time` until they are worth it. Empty when nothing is under way
  /// or nothing ended in that time.
  std::vector<Outcome> wait(std::chrono::milliseconds time);
  /// Tasks submitted whose outcome wasn't collected yet.
  std::size_t open() const noexcept { return open_; }
  /// Lanes that aren't sitting out.
  int lanes() const;
  /// The last lane, too, was told that there are too many connections.
  bool exhausted() const;
  /// Takes back everything that no lane has begun.
  std::vector<Task> take_back();

  /// The caller needs a connection, and the server allows no more: one lane closes its own and sits out. An
  /// idle one if there is one; what another was sending comes back as handed_back. Returns when it is closed;
  /// false when no lane has one.
  bool give_one_up();
  ConnectionUse use() const;

 private:
  struct Slot {
    CancelToken* cancel = nullptr;  ///< of what its thread is doing; null while it sits out
    bool busy = false;
    bool connected = false;   ///< as far as we know
    bool proven = false;      ///< has done something over its connection
    bool called_off = false;  ///< must give its connection up
    bool refused = false;     ///< was turned away when it last tried to connect
    int refusals = 0;         ///< in a row
  };

  bool worth_waking() const;  ///< holding mutex_
  void stop() noexcept;
  void work(std::size_t number);
  void serve(std::size_t number, const CancelToken& cancel);
  std::optional<Task> next_task(Slot& slot, Lane& lane);
  bool leave(Slot& slot, Outcome&& outcome);
  bool sit_out(Slot& slot);

  Uploader::Context context_;
  ConnectionPolicy policy_;
  Remote* remote_ = nullptr;
  std::unique_ptr<Uploader> inline_;
  mutable std::mutex mutex_;
  std::condition_variable tasks_ready_, outcomes_ready_, stopped_, released_;
  std::deque<Task> tasks_;         // guarded by mutex_
  std::vector<Outcome> outcomes_;  // guarded by mutex_
  std::vector<Slot> slots_;        // its members guarded by mutex_; inline: one
  int running_ = 0;                // guarded by mutex_: slots that aren't sitting out
  std::size_t releases_ = 0;       // guarded by mutex_: connections given up so far
  bool exhausted_ = false;         // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_
  bool urgent_ = false;            // guarded by mutex_: outcomes_ holds one that others must not delay
  std::size_t open_ = 0;           // job thread only
  std::vector<std::thread> threads_;
};

}  // namespace outhaul
