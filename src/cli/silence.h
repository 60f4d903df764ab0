// For commands that tell by their report alone.
#pragma once

#include "outhaul/events.h"

namespace outhaul::cli {

class Silence final : public EventSink {
 public:
  void on(const Event&) noexcept override {}
};

}  // namespace outhaul::cli
