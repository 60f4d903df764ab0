// Events as permanent lines: the same whether they stand above a live display or in a log of cron.
#pragma once

#include <set>
#include <string>

#include "outhaul/events.h"
#include "report/progress.h"

namespace outhaul {

/// Not thread-safe.
class EventLines {
 public:
  explicit EventLines(const ProgressOptions& options) : options_(options) {}
  /// Whole lines for this event; empty when it isn't worth one. The same advice is given once, not a thousand
  /// times.
  std::string lines_for(const Event& event);

 private:
  std::string on(const ProblemFound& event);
  std::string on(const ActionDone& event) const;
  std::string on(const RetryScheduled& event) const;
  std::string on(const EntryRestored& event) const;
  std::string on(const Notice& event) const;
  template <typename Other>
  std::string on(const Other&) const {
    return {};
  }

  ProgressOptions options_;
  std::set<std::string> advice_given_;
};

}  // namespace outhaul
