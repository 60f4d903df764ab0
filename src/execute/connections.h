// The connections of one job, within the profile's cap: lanes plus a command channel, or one that does both.
#pragma once

#include <memory>

#include "execute/commands.h"
#include "execute/lane_pool.h"

namespace outhaul {

class Connections {
 public:
  struct Context {
    Remote& remote;
    int cap = 1;
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
  bool only_one() const noexcept { return cap_ == 1; }
  std::uint64_t command_retries() const noexcept { return retries_ + (commands_ ? commands_->retries() : 0); }

 private:
  Context context_;
  int cap_;
  std::uint64_t retries_ = 0;
  std::unique_ptr<Lane> shared_;            // cap 1
  std::unique_ptr<CommandRunner> channel_;  // cap > 1
  std::unique_ptr<Commands> commands_;
  std::unique_ptr<LanePool> pool_;
};

}  // namespace outhaul
