// One transfer on one lane, as those who watch are told of it.
#pragma once

#include <cstdint>
#include <string>

#include "outhaul/events.h"

namespace outhaul {

/// `path`: raw bytes. Its end is told whatever ends it. Any thread.
class TransferScope {
 public:
  TransferScope(EventSink& events, int lane, const std::string& path, std::uint64_t size,
                std::uint64_t offset)
      : events_(events), lane_(lane) {
    events_.on(TransferStarted{lane, path, size, offset});
  }
  ~TransferScope() { events_.on(TransferEnded{lane_, ok_}); }
  TransferScope(const TransferScope&) = delete;
  TransferScope& operator=(const TransferScope&) = delete;
  void succeeded() { ok_ = true; }

 private:
  EventSink& events_;
  int lane_;
  bool ok_ = false;
};

}  // namespace outhaul
