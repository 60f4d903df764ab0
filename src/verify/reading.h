// Which objects a verification reads back. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "state/inventory.h"

namespace outhaul {

/// How much is read back.
struct ReadChoice {
  enum class How : std::uint8_t {
    nothing,
    all,
    percent,  ///< so much of all bytes
    due,      ///< what is due for everything to be read within `within_ns`
  };
  How how = How::nothing;
  double percent = 0;
  std::int64_t within_ns = 0;
};

/// The objects to be read, in the order in which they are: those that were never read first, then those that
/// were read longest ago.
///
/// What was proven after `now_ns` was proven by a wrong clock, nobody knows when: it counts as never read.
///
/// `percent`: from the front until so much of all bytes is reached; always at least one.
/// `due`: as much of all bytes as the time since the last reading is of the period (a day when nothing was
/// ever read), so that every night has its like share, a night that was left out is made up for, and a second
/// one within the hour reads next to nothing; and whatever was neither read nor stored within the period,
/// however much that is.
std::vector<ReadCandidate> to_read(std::vector<ReadCandidate> candidates, const ReadChoice& choice,
                                   std::int64_t now_ns);

}  // namespace outhaul
