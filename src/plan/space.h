// Whether what a plan uploads fits on the remote. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/guard.h"
#include "plan/limits.h"

namespace outhaul {

/// "20.25 GB": units of 1000, as providers sell them.
std::string space_in_words(std::uint64_t bytes);

/// What lies on the remote already, as far as it is ours: bytes of files, without what file systems add.
struct SpaceUse {
  std::uint64_t tree = 0, versions = 0, kept = 0, catalog = 0;
  std::uint64_t all() const noexcept { return tree + versions + kept + catalog; }
};

/// The most that a plan adds to it at any one time. A file is sent beside the one that it replaces, which
/// leaves only then, and not at all when it becomes a version. What the plan removes and what retention lets
/// go leaves after the uploads: see decide_space() for when it goes before them.
class SpaceNeed {
 public:
  /// In the plan's order. `freed`: the size of what is overwritten; `there`: of what lies in a part already.
  void upload(std::uint64_t size, std::uint64_t freed, std::uint64_t there) noexcept;
  std::uint64_t peak() const noexcept { return peak_; }
  /// Of the peak, what lies in parts already: it counts against a quota, and no more against free space.
  std::uint64_t there() const noexcept { return there_; }
  /// Other bytes that are to be there in the end.
  SpaceNeed with(std::uint64_t reserve) const noexcept;
  /// What is more in the end; negative: less.
  std::int64_t in_the_end() const noexcept { return now_; }

 private:
  std::int64_t now_ = 0;
  std::uint64_t peak_ = 0, there_ = 0;
};

/// no_space, with the figures; approvable for exactly this plan. Nothing when it fits once `freed` bytes have
/// gone first, or when nothing is uploaded.
std::optional<GuardRefusal> over_quota(const SpaceUse& use, const SpaceNeed& need, std::uint64_t quota,
                                       std::uint64_t freed, const PlanApproval& approval);
/// The same by what the server says it has left.
std::optional<GuardRefusal> over_free_space(std::uint64_t free, const SpaceNeed& need, std::uint64_t freed,
                                            const PlanApproval& approval);

/// What goes before the uploads, because they don't fit beside it: as little as will do.
struct GoesFirst {
  bool removals = false;  ///< of the plan, the certain ones (plan/certain_removals.h)
  bool versions = false;  ///< what retention lets go
  bool any() const noexcept { return removals || versions; }
};

struct SpaceQuestion {
  /// Whether the uploads don't fit once so many bytes have gone, with so many to be left free after them.
  std::function<std::optional<GuardRefusal>(std::uint64_t freed, std::uint64_t reserve)> too_much;
  /// Bytes that may go first; asked only when they matter.
  std::function<std::uint64_t()> removals, versions;
  /// To be left for the catalog. For its sake something may go first, but nothing is refused.
  std::uint64_t reserve = 0;
  bool approved = false;
};

struct SpaceVerdict {
  GoesFirst first;
  std::optional<GuardRefusal> refusal;
};

/// An approved plan that doesn't fit has all the room made for it that may be made.
SpaceVerdict decide_space(const SpaceQuestion& question);

}  // namespace outhaul
