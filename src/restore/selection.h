// Which entries of a tree are wanted. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "filter/patterns.h"
#include "outhaul/entry.h"

namespace outhaul {

/// Something of a job's tree: a path with all that is below it, or everything that a pattern matches, with
/// all that is below it.
class Wanted {
 public:
  static Wanted path(RelPath path);
  /// gitignore's: without a slash in it a pattern matches at any depth. Throws Error{usage}.
  static Wanted pattern(const std::string& glob);

  bool takes(const Entry& entry) const;
  bool is_pattern() const noexcept { return !pattern_.empty(); }
  const RelPath& path() const noexcept { return path_; }

 private:
  Wanted() = default;
  RelPath path_;
  Filter pattern_;
};

/// True when `text` says anything beyond itself as a pattern: it holds one of * ? [.
bool looks_like_pattern(std::string_view text) noexcept;

/// Passes on the wanted entries of a stream in its order, and the directories that lead to them.
class Selection {
 public:
  /// Nothing wanted: everything is.
  explicit Selection(std::vector<Wanted> wanted);

  /// Asks for the entries of `tree`, and hands those that are taken to `each`; a directory before what is
  /// below it.
  void run(EntryStream& tree, const std::function<void(Entry&&)>& each);
  /// Whether the wanted thing of this index was found.
  bool found(std::size_t index) const { return found_[index]; }

 private:
  bool takes(const Entry& entry);
  void hand_over_parents(const Entry& entry, const std::function<void(Entry&&)>& each);

  std::vector<Wanted> wanted_;
  std::vector<bool> found_;
  std::vector<Entry> open_dirs_;  ///< not taken so far, and something below them may still come
};

}  // namespace outhaul
