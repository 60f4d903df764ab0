// How many columns text takes on a terminal, and how to make it fit. Pure. Text is what printable() gives:
// UTF-8 without control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace outhaul {

/// Columns on a terminal: wide characters count 2, combining ones 0. Ambiguous ones count 1.
std::size_t display_width(std::string_view text) noexcept;

/// `text` in at most `width` columns; what doesn't fit is cut out of the middle, more of it from the front,
/// because the end of a path tells files apart. `dots` marks the cut ("…" or "..").
std::string fit_middle(std::string_view text, std::size_t width, std::string_view dots = "…");
/// The same with the end cut off, without a mark.
std::string fit_end(std::string_view text, std::size_t width);
/// With spaces behind it up to `width` columns.
std::string padded(std::string_view text, std::size_t width);

}  // namespace outhaul
