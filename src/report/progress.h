// Events → what a person sees while it happens.
#pragma once

#include <memory>

#include "outhaul/events.h"

namespace outhaul {

struct ProgressOptions {
  int fd = 2;          ///< where to draw or print
  bool tty = false;    ///< draw a live display; else one line per problem
  bool quiet = false;  ///< errors only
  int verbosity = 0;   ///< 1: a line per action; 2: retries and notices too
  bool colour = false;
};

/// A sink that is also the display. On a TTY: bytes, files, rate, ETA, one line per busy lane, redrawn at
/// most 10 times a second by a thread of its own, fitted to the terminal's width (SIGWINCH-safe), erased
/// before anything else is printed and at the end. Elsewhere: one line per problem.
class Progress : public EventSink {
 public:
  /// Takes the display off the screen so that the caller may print. Idempotent.
  virtual void finish() noexcept = 0;
};
std::unique_ptr<Progress> make_progress(const ProgressOptions& options);

}  // namespace outhaul
