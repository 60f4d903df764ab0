// Events → the log and the display.
#pragma once

#include "outhaul/events.h"

namespace outhaul::cli {

/// Writes what is worth keeping to the log and hands everything on to `next`. Thread-safe as `next` is.
class EventLog final : public EventSink {
 public:
  explicit EventLog(EventSink& next) : next_(next) {}
  void on(const Event& event) noexcept override;

 private:
  EventSink& next_;
};

}  // namespace outhaul::cli
