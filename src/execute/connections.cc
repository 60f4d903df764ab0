#include "execute/connections.h"

#include <utility>

namespace outhaul {

Connections::Connections(const Context& context) : context_(context), cap_(context.cap) {}

Commands& Connections::commands() {
  if (commands_) return *commands_;
  CommandRunner* runner = nullptr;
  Commands::Lister lister;
  if (only_one()) {
    if (!shared_) shared_ = context_.remote.open_lane(context_.cancel_commands);
    runner = shared_.get();
    lister = [this]() -> Lane& { return *shared_; };
  } else {
    channel_ = context_.remote.open_channel(context_.cancel_commands);
    runner = channel_.get();
    lister = [this]() -> Lane& { return lane_for_channel(); };
  }
  commands_ = std::make_unique<Commands>(
      *runner, context_.policy, context_.clock, context_.cancel_commands, context_.events,
      [this] { return pool_ && pool_->give_one_up(); }, std::move(lister));
  return *commands_;
}

LanePool& Connections::pool(const SourceTree& source) {
  if (pool_) return *pool_;
  Uploader::Context context{
      source, context_.policy,   context_.clock,  context_.cancel_lanes, context_.events,
      true,   context_.throttle, &context_.remote};
  if (only_one()) {
    context.may_hand_back = false;
    commands();  // makes the shared lane
    pool_ = std::make_unique<LanePool>(*shared_, context);
  } else {
    pool_ = std::make_unique<LanePool>(context_.remote, cap_ - 1, context, context_.use);
  }
  return *pool_;
}

/// A lane does what the channel does, one command at a time, and it can list and fetch. The channel goes
/// first: there are never more connections than the cap.
Lane& Connections::lane_for_channel() {
  channel_.reset();
  instead_ = context_.remote.open_lane(context_.cancel_commands);
  return *instead_;
}

void Connections::shrink_to_one() {
  retries_ = command_retries();
  pool_.reset();
  commands_.reset();
  channel_.reset();
  instead_.reset();
  cap_ = 1;
  ++shrinks_;
  shrunk_at_ = context_.clock.steady();
}

bool Connections::may_grow() const {
  if (cap_ > 1 || shrinks_ == 0) return false;
  return context_.clock.steady() - shrunk_at_ >= backoff(context_.use.refused, shrinks_ - 1, 1.0);
}

void Connections::grow() {
  one_worked_ = one_worked_ || seen().used > 0;
  retries_ = command_retries();
  pool_.reset();
  commands_.reset();
  shared_.reset();
  cap_ = context_.cap;
}

void Connections::rest_if_idle() {
  if (commands_ && !only_one()) commands_->rest_if_idle(context_.use.idle);
}

/// A pool that grew again and used no second lane has not disproved what the one before it met.
ConnectionUse Connections::seen() const {
  const ConnectionUse use = pool_ ? pool_->use() : ConnectionUse{};
  if (shrinks_ == 0) return use;
  if (only_one()) return {one_worked_ || use.used > 0 ? 1 : 0, true};
  return use.used > 1 ? use : ConnectionUse{one_worked_ ? 1 : 0, true};
}

}  // namespace outhaul
