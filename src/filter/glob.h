// One wildmatch pattern, compiled: what is left of a gitignore pattern without "!", leading and trailing "/".
// Pure.
#pragma once

#include <bitset>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

/// A text that is no pattern, or one that no path can match; what() completes "this pattern …".
class GlobError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Compares bytes. "*", "?" and brackets never match '/'. A match costs at most |pattern| x |text| steps,
/// whatever the pattern: only the last star of a segment and the last "**" are ever tried again.
class Glob {
 public:
  /// Throws GlobError.
  explicit Glob(std::string_view pattern);
  bool matches(std::string_view text) const noexcept {
    switch (shape_) {
      case Shape::literal:
        return text == literals_;
      case Shape::suffix:
        return text.ends_with(literals_);
      case Shape::prefix:
        return text.starts_with(literals_);
      case Shape::general:
        return ends_fit(text) && walk(text);
    }
    return false;
  }
  /// A "*" that ends a prefix or begins a suffix may not swallow a '/', which the quick comparison does not
  /// see: only for texts without '/'. Call once, before the first match.
  void expect_names_only() noexcept;

 private:
  using Set = std::bitset<256>;
  enum class Kind : std::uint8_t {
    literal,  ///< literals_[first, first + count)
    any,      ///< one byte but '/'
    set,      ///< sets_[first]
    star,     ///< any number of bytes but '/'
    tree,     ///< any number of bytes
    dirs,     ///< any number of whole segments, each with its '/'
  };
  struct Op {
    Kind kind;
    std::uint32_t first = 0, count = 0;
    bool crosses_slash = false;
  };
  enum class Shape : std::uint8_t { literal, suffix, prefix, general };
  struct Retry;

  std::size_t compile_stars(std::string_view pattern, std::size_t at);
  std::size_t compile_set(std::string_view pattern, std::size_t at);
  void append_literal(char byte);
  void refuse_what_no_path_matches() const;
  void classify() noexcept;
  bool ends_fit(std::string_view text) const noexcept;
  bool walk(std::string_view text) const noexcept;
  bool consume(const Op& op, std::string_view text, std::size_t& pos) const noexcept;

  std::vector<Op> ops_;
  std::string literals_;
  std::vector<Set> sets_;
  Shape shape_ = Shape::general;
};

}  // namespace outhaul
