// Whether a server answers in the order in which it is asked. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace outhaul {

/// A row of commands that a server answers out of their places when it carries out what comes in packets of
/// its own at the same time (npm ftp-srv). In turn one that takes it to its file system, for a name that
/// isn't there, and one that it answers at once; nothing is changed by any of them, in any order. Each goes
/// out by itself, while only a few are without an answer: so a server that was asleep finds those few in one
/// piece, and is asked anew as soon as it answers. How often such a server passes: docs/ftp-notes.md.
class OrderProbe {
 public:
  /// `absent`: the argument of a command; with a number behind it, a name that isn't there.
  explicit OrderProbe(std::string absent) : absent_(std::move(absent)) {}

  /// How the row is sent, on a line with this round trip: the first command by itself tells it.
  struct Pace {
    std::size_t commands = 0;  ///< in all
    std::size_t window = 1;    ///< so many without an answer, at most
    bool far = false;
    /// How long to wait between sending the n-th and the next: less than a server takes for one.
    std::chrono::microseconds gap(std::size_t n) const noexcept;
  };
  static Pace pace(std::chrono::microseconds round_trip) noexcept;

  /// Without a line end.
  std::string line(std::size_t n) const;
  /// Whether `code` can be the reply to the n-th.
  static bool fits(std::size_t n, int code) noexcept;

 private:
  std::string absent_;
};

}  // namespace outhaul
