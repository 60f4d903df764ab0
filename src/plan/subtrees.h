// Sets of paths that stand for everything below them. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "outhaul/entry.h"

namespace outhaul {

/// The parent of `path` in bytes; empty at the top.
std::string_view parent_of(std::string_view path) noexcept;

/// Paths, each of which covers itself and what is below it. The empty path covers everything.
class Subtrees {
 public:
  void add(std::string_view root);
  bool cover(std::string_view path) const;
  bool empty() const noexcept { return roots_.empty(); }
  /// Forgets roots that no path from `position` on can be at or below. Content doesn't follow its directory
  /// at once ("a", "a-b", "a/x"), so "a" outlives "a-b". Cheap: looks at the smallest roots only, so one that
  /// lives long may keep passed ones behind it.
  void pass(std::string_view position);

 private:
  std::set<std::string, std::less<>> roots_;
};

/// The directories that can't go because something below them stays.
class HeldDirectories {
 public:
  /// `path` stays, so everything that it lies in stays too.
  void hold_parents_of(std::string_view path);
  bool contain(std::string_view dir) const { return dirs_.contains(dir); }

 private:
  std::set<std::string, std::less<>> dirs_;
};

/// True when we can't tell what is below (or at) the path of such a problem.
bool casts_doubt(ScanProblem::Kind kind) noexcept;

}  // namespace outhaul
