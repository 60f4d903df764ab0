// What happens during a run, as it happens. The executor tells; progress display and logs listen.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "outhaul/plan.h"
#include "outhaul/report.h"

namespace outhaul {

struct JobStarted {
  std::string job, source, target;
};
struct ScanProgress {
  std::uint64_t files = 0, dirs = 0, bytes = 0;
};
struct PlanReady {
  const Plan* plan = nullptr;
};  ///< valid during the call only
struct TransferStarted {
  int lane = 0;
  std::string path;
  std::uint64_t size = 0, offset = 0;
};
struct TransferProgress {
  int lane = 0;
  std::uint64_t delta = 0;
};
struct TransferEnded {
  int lane = 0;
  bool ok = false;
};
struct ActionDone {
  ActionKind kind{};
  std::string path;
  std::uint64_t bytes = 0;
};  ///< recorded in the state
struct RetryScheduled {
  int lane = 0;
  std::string path, why;
  int attempt = 0, of = 0;
  std::int64_t delay_ms = 0;
};
struct ProblemFound {
  Problem problem;
};
struct JobEnded {
  JobReport report;
};
/// A restore knows what it will do.
struct RestoreReady {
  std::uint64_t files = 0, bytes = 0;  ///< to be fetched, or compared with what is here
  std::uint64_t steps = 0;             ///< with everything else that is made
};
/// One thing is in its place.
struct EntryRestored {
  EntryKind kind{};
  std::string path;
  std::uint64_t bytes = 0;  ///< that were fetched for it
};
struct Notice {
  std::string text;
};  ///< worth a line with -v

using Event = std::variant<JobStarted, ScanProgress, PlanReady, TransferStarted, TransferProgress,
                           TransferEnded, ActionDone, RetryScheduled, ProblemFound, JobEnded, RestoreReady,
                           EntryRestored, Notice>;

/// Thread-safe: called from the job thread and from every lane. Must not block on the network.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const Event& event) noexcept = 0;
};

}  // namespace outhaul
