// The connections of one job, within the profile's cap: lanes plus a command channel, or one that does both.
#pragma once

#include <memory>

#include "execute/lane_pool.h"
#include "lanes/commands.h"
#include "lanes/resume_proof.h"

namespace outhaul {

class Connections {
 public:
  struct Context {
    Remote& remote;
    int cap = 1;
    ConnectionPolicy use;
    RetryPolicy policy;
    Clock& clock;
    const CancelToken& cancel_commands;
    const CancelToken& cancel_lanes;
    EventSink& events;
    Throttle* throttle = nullptr;
  };
  explicit Connections(const Context& context);

  /// Opens what is needed when it is first asked for. Valid until shrink_to_one().
  Commands& commands();
  LanePool& pool(const SourceTree& source);
  /// The provider allows one connection only: everything goes over one lane from now on. What no lane has
  /// begun must have been taken back, and every outcome collected.
  void shrink_to_one();
  /// Whether it is time to see if more than one are allowed again. What no lane has begun must have been
  /// taken back then, and every outcome collected, before grow().
  bool may_grow() const;
  void grow();
  /// Closes the command channel while nobody needs it.
  void rest_if_idle();
  int cap() const noexcept { return cap_; }
  bool only_one() const noexcept { return cap_ == 1; }
  void upload_was_lost() { context_.remote.upload_was_lost(); }
  void resumed_wrongly() { context_.remote.note(resume_memory(false, context_.clock.now_ns())); }
  /// What this job has seen of the server's limit.
  ConnectionUse seen() const;
  std::uint64_t command_retries() const noexcept { return retries_ + (commands_ ? commands_->retries() : 0); }

 private:
  Lane& lane_for_channel();

  Context context_;
  int cap_;
  int shrinks_ = 0;
  std::chrono::steady_clock::time_point shrunk_at_{};
  bool one_worked_ = false;  // after a shrink
  std::uint64_t retries_ = 0;
  std::unique_ptr<Lane> shared_;            // cap 1
  std::unique_ptr<CommandRunner> channel_;  // cap > 1; none once a lane has taken its place
  std::unique_ptr<Lane> instead_;           // of the channel, once listings or contents are needed
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<LanePool> pool_;
};

}  // namespace outhaul
