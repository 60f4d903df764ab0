// How long what is left takes, when bytes and files are priced apart. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "report/rate.h"

namespace outhaul {

/// What happened between two ticks.
struct PaceSample {
  double seconds = 0;
  std::uint64_t moving = 0;         ///< lanes that were amid a file's bytes, also when none came
  std::uint64_t waiting = 0;        ///< lanes that waited for something else: to open, for a final reply
  std::uint64_t moved_bytes = 0;    ///< of files whose bytes take longer than a tick
  std::uint64_t passing_bytes = 0;  ///< of files that were too short for that
  std::uint64_t files = 0;          ///< that were ended
};

/// A large file costs its bytes and a small one its round trips. Time is put down to the one or the other by
/// what the lanes are at whenever somebody looks, so each price is learned while it is paid, and neither is
/// taken for the other's.
class Pace {
 public:
  void advance(const PaceSample& sample) noexcept;
  /// Nothing while that isn't known: in the first 2 s, when nothing moves, or when large files are left and
  /// none has shown how fast bytes go.
  std::optional<double> seconds_left(std::uint64_t files, std::uint64_t bytes) const noexcept;

 private:
  Rate bytes_;  ///< moved bytes, by the time that went for them
  /// Files, by all other time. While the first ones are large, little is known of it: one file of a near
  /// server to begin with, so that thousands behind them don't seem to cost nothing.
  Rate files_{1, 0.01};
  Rate passing_;        ///< passing bytes, by the same
  double seen_ = 0;     ///< seconds
  bool moves_ = false;  ///< anything ever came of them
};

}  // namespace outhaul
