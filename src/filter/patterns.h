// gitignore's patterns (gitignore(5)): which entries a job leaves out. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/paths.h"

namespace outhaul {

/// An ordered list of patterns; the last one that matches decides; "!" includes again; a trailing "/" matches
/// directories only; a "/" at the start or in the middle anchors at the source; "**" as in git. As in git,
/// nothing below an excluded directory can be included again. Trailing spaces do not count unless quoted, as
/// in "a\\ " of JSON. A JSON list has no comments: a leading "#" is the character itself. Bytes are compared,
/// case counts. Thread-safe after construction.
class Filter {
 public:
  struct Decision {
    bool excluded = false;
    /// Index of the pattern that decided; none when no pattern matched.
    std::optional<std::size_t> rule;
    /// The path that the rule matched: the path itself or an excluded ancestor.
    RelPath at;
  };

  Filter();
  /// Throws Error{profile} that names the first pattern that isn't one (an unclosed bracket, an empty
  /// pattern).
  explicit Filter(std::vector<std::string> patterns);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  bool empty() const noexcept;
  const std::string& pattern(std::size_t index) const;
  /// For the walk: `path` alone; the caller does not go below an excluded directory. Fast: called for each
  /// entry.
  bool excludes(std::string_view path, bool is_directory) const;
  /// For `outhaul explain`: looks at the ancestors too.
  Decision decide(const RelPath& path, bool is_directory) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

/// Why `pattern` isn't one, or empty when it is; continues a sentence that begins with the pattern. For the
/// profile's checks. What git accepts and what matches nothing, ever ("./a", "a//b", "[[:letter:]]", a lone
/// backslash at the end), is a fault here: its author meant to leave something out.
std::string pattern_fault(std::string_view pattern);

}  // namespace outhaul
