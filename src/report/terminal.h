// A live area at the bottom of a terminal: its size, drawing over it, taking it away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/frame.h"

namespace outhaul {

/// Asked anew each time, so that a resize is seen by the next frame. 80×24 when the terminal doesn't say.
TerminalSize terminal_size(int fd) noexcept;
/// False for TERM=dumb or none: cursor movements would be printed as rubbish.
bool can_move_cursor() noexcept;
/// What the locale's environment says about UTF-8 (LC_ALL, LC_CTYPE, LANG, in this order).
bool utf8_locale() noexcept;

/// Between frames the cursor rests at the start of the area's first line, not behind its last one. Whatever a
/// resize does to the lines (some terminals wrap them anew, some cut them), they lie at or below the cursor,
/// and one "erase to the end of the screen" takes them all away. A frame is one write; a terminal that
/// doesn't take it (EAGAIN) gets the rest before the next one; one that went away is left alone. Not
/// thread-safe. The descriptor is the caller's.
class LiveArea {
 public:
  explicit LiveArea(int fd) noexcept : fd_(fd) {}
  /// Prints `permanent` (whole lines, may be empty) above the area and draws `lines` as the area. False when
  /// the terminal is still busy with an earlier frame: nothing was taken over, try again later.
  bool show(std::string_view permanent, const std::vector<std::string>& lines);
  /// Takes the area away and prints `permanent`; the cursor is then at the start of an empty line. Waits up
  /// to a second for a busy terminal.
  void close(std::string_view permanent);

 private:
  enum class Patience { none, some };
  bool flush(Patience patience);

  int fd_;
  bool drawn_ = false;
  bool gone_ = false;
  std::string unsent_;
};

/// Writes all of `text`, waiting for a slow reader; gives up silently when nobody can read it any more
/// (EPIPE, EIO).
void write_whole(int fd, std::string_view text) noexcept;

}  // namespace outhaul
