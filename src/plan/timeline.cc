#include "plan/timeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

/// Steps that the usual one is taken from: a rhythm that was changed is known after some of them.
constexpr std::size_t kStepsToGoBy = 15;

std::int64_t day_of(std::int64_t ns) {
  return ns / Timeline::kDay - (ns % Timeline::kDay < 0 ? 1 : 0);
}

}  // namespace

Timeline::Timeline(const std::vector<RunTime>& runs) {
  for (const RunTime& run : runs) points_.push_back({run, false, false, run.started_ns, 0});
  if (points_.empty()) return;
  believe_in_order();
  date_backwards();
}

std::int64_t Timeline::longest_step() const noexcept {
  return std::max(kLongestPause, clamped_product(kUsualSteps, usual_ns_));
}

bool Timeline::goes_on(std::size_t from, std::size_t to) const {
  const std::int64_t step = clamped_difference(points_[to].time.started_ns, points_[from].time.started_ns);
  return step >= -kMostBackwards && step <= longest_step();
}

/// The runs [first, last] go on from each other, and are believed from now on.
void Timeline::accept(std::size_t first, std::size_t last, Ground ground) {
  for (std::size_t i = first; i <= last; ++i) {
    points_[i].believed = true;
    const std::int64_t step =
        clamped_difference(points_[i].time.started_ns, points_[believed_].time.started_ns);
    if (goes_on(believed_, i) || ground == Ground::rhythm) steps_.push_back(std::max<std::int64_t>(step, 0));
    believed_ = i;
  }
  points_[first].told = ground == Ground::rhythm || ground == Ground::approved;
  std::vector<std::int64_t> recent(
      steps_.end() - static_cast<std::ptrdiff_t>(std::min(kStepsToGoBy, steps_.size())), steps_.end());
  if (recent.empty()) return;
  const auto middle = recent.begin() + static_cast<std::ptrdiff_t>((recent.size() - 1) / 2);
  std::nth_element(recent.begin(), middle, recent.end());
  usual_ns_ = *middle;
}

void Timeline::believe_in_order() {
  points_.front().believed = true;
  // The runs since `jumped` have another clock than the believed one, and have gone on from each other.
  std::size_t jumped = 0;  // 0: there are none
  std::set<std::int64_t> days;
  std::int64_t jump = 0;
  bool rhythm = false;  // they have come at distances like that of the jump
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const std::int64_t step = clamped_difference(points_[i].time.started_ns, points_[i - 1].time.started_ns);
    const bool like_the_jump = jump > 0 && step >= jump / 2 && step / 2 <= jump;
    const bool of_the_jump = jumped != 0 && (goes_on(i - 1, i) || (rhythm && like_the_jump));
    if (goes_on(believed_, i)) {
      accept(i, i, Ground::goes_on);
      jumped = 0;
      continue;
    }
    if (of_the_jump) {
      rhythm = rhythm && like_the_jump;
    } else {
      jumped = i, jump = step, rhythm = true;
      days.clear();
    }
    days.insert(day_of(points_[i].time.started_ns));
    if (points_[i].time.approved)
      accept(jumped, i, Ground::approved);
    else if (rhythm && i - jumped >= kStepsOfARhythm)
      accept(jumped, i, Ground::rhythm);
    else if (days.size() >= kDaysToProve)
      accept(jumped, i, Ground::days);
    else
      continue;
    jumped = 0;
  }
  if (jumped != 0) doubt_ = {points_[believed_].time, points_[jumped].time, points_.back().time};
}

/// From the newest believed one back: what is dated after its successors has no time of its own.
void Timeline::date_backwards() {
  std::size_t next = believed_;
  for (std::size_t i = believed_ + 1; i < points_.size(); ++i)
    points_[i].judged_ns = clamped_sum(points_[i - 1].judged_ns, std::max<std::int64_t>(usual_ns_, 1));
  std::int64_t unseen = 0;
  for (std::size_t i = believed_; i-- > 0;) {
    if (!points_[i].believed || points_[i].judged_ns > clamped_sum(points_[next].judged_ns, kMostBackwards))
      continue;
    date_between(i + 1, next);
    const std::int64_t skipped = skipped_between(i, next);
    for (std::size_t between = i + 1; between < next; ++between)
      points_[between].unseen_ns = clamped_sum(unseen, skipped);
    unseen = clamped_sum(unseen, skipped);
    points_[i].unseen_ns = unseen;
    next = i;
  }
  // Those before the first one that can be relied on keep their distances.
  for (std::size_t i = next; i-- > 0;) {
    const bool apart = goes_on(i, i + 1) && points_[i].time.started_ns <= points_[i + 1].time.started_ns;
    const std::int64_t step =
        apart ? clamped_difference(points_[i + 1].time.started_ns, points_[i].time.started_ns)
              : std::max<std::int64_t>(usual_ns_, 1);
    points_[i].judged_ns = clamped_difference(points_[i + 1].judged_ns, step);
    points_[i].unseen_ns = unseen;
  }
}

/// Of the time between two believed runs, what no run can have seen pass.
std::int64_t Timeline::skipped_between(std::size_t older, std::size_t newer) const {
  const std::int64_t step = clamped_difference(points_[newer].judged_ns, points_[older].judged_ns);
  const std::int64_t seen = usual_ns_ * static_cast<std::int64_t>(newer - older);
  if (points_[newer].told || step <= longest_step() + seen - usual_ns_) return 0;
  return step - seen;
}

/// Evenly between the neighbours of [first, end).
void Timeline::date_between(std::size_t first, std::size_t end) {
  const std::int64_t from = points_[first - 1].judged_ns;
  const auto parts = static_cast<std::int64_t>(end - first) + 1;
  const std::int64_t step = clamped_difference(points_[end].judged_ns, from) / parts;
  for (std::size_t i = first; i < end; ++i)
    points_[i].judged_ns = from + step * (static_cast<std::int64_t>(i - first) + 1);
}

Snapshot Timeline::dated(Snapshot snapshot) const {
  const auto found = std::lower_bound(points_.begin(), points_.end(), snapshot.run,
                                      [](const Point& point, RunId run) { return point.time.run < run; });
  if (found == points_.end() || found->time.run != snapshot.run) return snapshot;
  snapshot.started_ns = found->judged_ns;
  snapshot.unseen_ns = found->unseen_ns;
  return snapshot;
}

}  // namespace outhaul
