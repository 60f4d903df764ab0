// Whether what a plan uploads fits on the remote. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/guard.h"

namespace outhaul {

/// What lies on the remote already, as far as it is ours: bytes of files, without what file systems add.
struct SpaceUse {
  std::uint64_t tree = 0, versions = 0, kept = 0, catalog = 0;
  std::uint64_t all() const noexcept { return tree + versions + kept + catalog; }
};

/// The most that a plan adds to it at any one time. A file is sent beside the one that it replaces, which
/// leaves only then, and not at all when it becomes a version. What the plan removes and what retention lets
/// go leaves after the uploads, so it makes no room.
class SpaceNeed {
 public:
  /// In the plan's order. `freed`: the size of what is overwritten; `there`: of what lies in a part already.
  void upload(std::uint64_t size, std::uint64_t freed, std::uint64_t there) noexcept;
  std::uint64_t peak() const noexcept { return peak_; }
  /// Of the peak, what lies in parts already: it counts against a quota, and no more against free space.
  std::uint64_t there() const noexcept { return there_; }
  /// What is more in the end; negative: less.
  std::int64_t in_the_end() const noexcept { return now_; }

 private:
  std::int64_t now_ = 0;
  std::uint64_t peak_ = 0, there_ = 0;
};

/// no_space, with the figures; approvable for exactly this plan. Nothing when it fits, when nothing is
/// uploaded, or when the plan is approved.
std::optional<GuardRefusal> over_quota(const SpaceUse& use, const SpaceNeed& need, std::uint64_t quota,
                                       const std::string& plan_id, const std::vector<std::string>& approved);
/// The same by what the server says it has left.
std::optional<GuardRefusal> over_free_space(std::uint64_t free, const SpaceNeed& need,
                                            const std::string& plan_id,
                                            const std::vector<std::string>& approved);

}  // namespace outhaul
