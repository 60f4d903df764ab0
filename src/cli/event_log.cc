#include "cli/event_log.h"

#include <fmt/format.h>

#include "base/log.h"
#include "outhaul/shown.h"

namespace outhaul::cli {
namespace {

using log::Level;

struct Writer {
  void operator()(const JobStarted& e) const {
    log::write(Level::info, fmt::format("job {}: {} -> {}", e.job, printable(e.source), printable(e.target)));
  }
  void operator()(const PlanReady& e) const {
    const PlanCounts& c = e.plan->counts;
    log::write(Level::info,
               fmt::format("plan {}: {} uploads, {} compares, {} moves, {} removals, {} unchanged",
                           e.plan->id, c.uploads, c.compares, c.moves, c.removes, c.unchanged));
  }
  void operator()(const ActionDone& e) const {
    log::write(Level::debug, fmt::format("{} {}", to_string(e.kind), printable(e.path)));
  }
  void operator()(const RetryScheduled& e) const {
    log::write(Level::info, fmt::format("retry {} of {} in {} ms: {} {}", e.attempt, e.of, e.delay_ms,
                                        printable(e.path), printable(e.why)));
  }
  void operator()(const ProblemFound& e) const {
    const Problem& p = e.problem;
    const Level level = p.severity == Problem::Severity::error     ? Level::error
                        : p.severity == Problem::Severity::warning ? Level::warning
                                                                   : Level::info;
    log::write(level, message_with_path(p) + (p.advice.empty() ? "" : " — " + p.advice));
  }
  void operator()(const JobEnded& e) const {
    const JobCounters& d = e.report.done;
    log::write(Level::info,
               fmt::format("job {} ended ({}): {} files, {} bytes uploaded, {} moved, {} removed",
                           e.report.job, static_cast<int>(e.report.outcome), d.files_uploaded,
                           d.bytes_uploaded, d.moved, d.removed));
  }
  void operator()(const RestoreReady& e) const {
    log::write(Level::info, fmt::format("restore: {} files, {} bytes", e.files, e.bytes));
  }
  void operator()(const EntryRestored& e) const {
    log::write(Level::debug, fmt::format("restored {}", printable(e.path)));
  }
  void operator()(const Notice& e) const { log::write(Level::info, printable(e.text)); }
  template <typename Other>
  void operator()(const Other&) const {}  // progress is for the display only
};

}  // namespace

void EventLog::on(const Event& event) noexcept {
  try {
    if (log::enabled(Level::error)) std::visit(Writer{}, event);
  } catch (const std::exception&) {
    // The log is a convenience: out of memory here must not end a backup.
  }
  next_.on(event);
}

}  // namespace outhaul::cli
