// The display as lines of text. Pure.
#pragma once

#include <string>
#include <vector>

#include "report/progress_model.h"

namespace outhaul {

struct FrameStyle {
  bool colour = false;
  bool utf8 = true;  ///< else the bar and the marks are ASCII
};

struct TerminalSize {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

/// What to show now: no line is wider than columns - 1 and there are at most rows - 1 of them, so that
/// drawing neither wraps nor scrolls. Empty when there is nothing to show.
std::vector<std::string> frame_lines(const ProgressModel& model, const TerminalSize& size,
                                     const FrameStyle& style);

}  // namespace outhaul
