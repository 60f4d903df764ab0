#include "execute/connections.h"

namespace outhaul {

Connections::Connections(const Context& context) : context_(context), cap_(context.cap) {}

Commands& Connections::commands() {
  if (commands_) return *commands_;
  CommandRunner* runner = nullptr;
  if (only_one()) {
    if (!shared_) shared_ = context_.remote.open_lane(context_.cancel_commands);
    runner = shared_.get();
  } else {
    channel_ = context_.remote.open_channel(context_.cancel_commands);
    runner = channel_.get();
  }
  commands_ = std::make_unique<Commands>(*runner, context_.policy, context_.clock, context_.cancel_commands,
                                         context_.events);
  return *commands_;
}

LanePool& Connections::pool(const SourceTree& source) {
  if (pool_) return *pool_;
  Uploader::Context context{source, context_.policy,  context_.clock, context_.cancel_lanes, context_.events,
                            true,   context_.throttle};
  if (only_one()) {
    context.may_hand_back = false;
    commands();  // makes the shared lane
    pool_ = std::make_unique<LanePool>(*shared_, context);
  } else {
    pool_ = std::make_unique<LanePool>(context_.remote, cap_ - 1, context);
  }
  return *pool_;
}

void Connections::shrink_to_one() {
  retries_ = command_retries();
  pool_.reset();
  commands_.reset();
  channel_.reset();
  cap_ = 1;
}

}  // namespace outhaul
