#include "verify/channel.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace outhaul {
namespace {

constexpr std::chrono::milliseconds kWait{250};

}  // namespace

VerifyLanes::VerifyLanes(const Crew::Context& context) : context_(context) {
  if (context_.lanes > 1)
    crew_ = std::make_unique<Crew>(context_);
  else
    share_one_lane();
}

void VerifyLanes::share_one_lane() {
  crew_.reset();
  shared_ = context_.remote.open_lane(context_.cancel);
  crew_ = std::make_unique<Crew>(context_, *shared_);
}

std::vector<std::unique_ptr<LaneTask>> VerifyLanes::wait() {
  if (!early_.empty()) return std::exchange(early_, {});
  return crew_->wait(kWait);
}

Commands& VerifyLanes::commands() {
  if (commands_) return *commands_;
  if (!shared_ && !crew_->release_one()) {
    while (crew_->open() > 0) std::ranges::move(crew_->wait(kWait), std::back_inserter(early_));
    share_one_lane();
  }
  if (shared_) {
    commands_ = std::make_unique<Commands>(*shared_, context_.policy, context_.clock, context_.cancel,
                                           context_.events);
    return *commands_;
  }
  channel_ = context_.remote.open_channel(context_.cancel);
  commands_ = std::make_unique<Commands>(
      *channel_, context_.policy, context_.clock, context_.cancel, context_.events,
      [this] { return crew_->release_one(); },
      [this]() -> Lane& {
        channel_.reset();
        lister_ = context_.remote.open_lane(context_.cancel);
        return *lister_;
      });
  return *commands_;
}

ConnectionUse VerifyLanes::seen() const {
  ConnectionUse use = crew_->use();
  use.used += channel_ || lister_ ? 1 : 0;
  return use;
}

}  // namespace outhaul
