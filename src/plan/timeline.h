// Which runs' times are to be believed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "outhaul/versions.h"

namespace outhaul {

/// The newest run began at a time that can't be relied on.
struct ClockDoubt {
  RunTime believed;  ///< the newest run whose time is believed
  RunTime since;     ///< the first one after it with the clock as it is now
  RunTime now;       ///< the newest run
  bool backwards() const noexcept { return now.started_ns < believed.started_ns; }
};

/// The runs in order of their numbers, with the times that retention goes by. What a wrong clock costs is not
/// undone by setting it right: so a time is believed when it goes on from the one that was believed before,
/// and a clock that jumps has to prove itself.
///
/// A time goes on from another one when it isn't earlier, apart from kMostBackwards, and not later than
/// machines are switched off for: kLongestPause, or kUsualSteps of the usual distance between runs where that
/// is more (the disk that is plugged in each quarter). Holidays stay below it; where they don't, retention
/// waits for a week and says so, which costs some room. A wrong year, month or battery is beyond it.
///
/// A clock that has jumped is believed once runs on kDaysToProve days have gone on from each other: a night
/// or a week-end with a wrong one proves nothing, and one that stays for a week is what there is to go by.
/// One that comes back to where it was is believed at once, and so is one whose jump was none:
/// kStepsOfARhythm more of about the same size came after it (the disk that is plugged in each quarter, from
/// its first time on). Until then, and for ever in the second case, the runs between have no times of their
/// own and are taken to lie evenly between their neighbours; so the night that says 2038 takes no year's
/// place, and what is dated before the present is no obstacle.
///
/// The time that a jump skipped makes no run older (unseen_ns): a run leaves `within` when so much time has
/// passed that somebody has seen pass. Unless the jump was approved.
class Timeline {
 public:
  static constexpr std::int64_t kMinute = 60'000'000'000, kDay = 1440 * kMinute;
  static constexpr std::int64_t kMostBackwards = 5 * kMinute;
  static constexpr std::int64_t kLongestPause = 31 * kDay;
  static constexpr std::int64_t kUsualSteps = 4;
  static constexpr std::size_t kDaysToProve = 7;
  static constexpr std::size_t kStepsOfARhythm = 2;

  /// `runs` in order of their numbers, whatever became of them; the last one is the newest.
  explicit Timeline(const std::vector<RunTime>& runs);

  /// Set: the newest run's time isn't believed (yet).
  const std::optional<ClockDoubt>& doubt() const noexcept { return doubt_; }
  /// The snapshot with the time that it is judged by; as it is when its run is none of these.
  Snapshot dated(Snapshot snapshot) const;

 private:
  struct Point {
    RunTime time;
    bool believed = false;
    bool told = false;  ///< it came after a long time indeed: that was approved, or is the rhythm
    std::int64_t judged_ns = 0;
    std::int64_t unseen_ns = 0;  ///< skipped by jumps between this run and the newest
  };

  void believe_in_order();
  enum class Ground : std::uint8_t { goes_on, rhythm, days, approved };
  void accept(std::size_t first, std::size_t last, Ground ground);
  std::int64_t longest_step() const noexcept;
  bool goes_on(std::size_t from, std::size_t to) const;
  std::int64_t skipped_between(std::size_t older, std::size_t newer) const;
  void date_backwards();
  void date_between(std::size_t first, std::size_t end);

  std::vector<Point> points_;
  std::size_t believed_ = 0;         ///< the newest believed one, while they are judged in order
  std::vector<std::int64_t> steps_;  ///< between believed runs, the newest at the end
  std::int64_t usual_ns_ = 0;        ///< their median; 0 while there are none
  std::optional<ClockDoubt> doubt_;
};

}  // namespace outhaul
