// The bandwidth limit of a profile, kept by all lanes together.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/bandwidth.h"
#include "outhaul/events.h"
#include "outhaul/remote.h"

namespace outhaul {

/// Thread-safe. Looks at the local time of day once a minute, so that a timetable follows the clock through
/// suspends, settings and the hours that summer time skips or repeats.
class Throttle {
 public:
  /// `clock` and `events` are borrowed. Every limit that begins is told as a Notice.
  Throttle(std::vector<BandwidthRule> rules, Clock& clock, EventSink& events);

  /// How many bytes to pass on at once.
  std::size_t piece();
  /// Waits until `bytes` more may pass. Throws RemoteError{cancelled} soon after `cancel` fires.
  void pay(std::size_t bytes, const CancelToken& cancel);

 private:
  void follow_the_clock();

  const std::vector<BandwidthRule> rules_;
  Clock& clock_;
  EventSink& events_;
  std::mutex mutex_;
  Pacer pacer_;                                         // guarded by mutex_
  std::chrono::steady_clock::time_point look_again_{};  // guarded by mutex_
  bool looked_ = false;                                 // guarded by mutex_
  std::uint64_t limit_ = 0;                             // guarded by mutex_
};

/// Passes on what another source reads, no faster than a throttle allows.
class ThrottledSource final : public ByteSource {
 public:
  ThrottledSource(ByteSource& source, Throttle& throttle, const CancelToken& cancel)
      : source_(source), throttle_(throttle), cancel_(cancel) {}
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  ByteSource& source_;
  Throttle& throttle_;
  const CancelToken& cancel_;
};

/// A sink that lets what is received wait, so that the sender slows down. Both references must outlive it.
ByteSink throttled(ByteSink sink, Throttle& throttle, const CancelToken& cancel);

}  // namespace outhaul
