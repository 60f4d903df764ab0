#include "report/width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "report/width_table.h"

namespace outhaul {
namespace {

template <std::size_t N>
bool in_table(const width_table::Range (&table)[N], std::uint32_t code) noexcept {
  const auto* const after =
      std::upper_bound(std::begin(table), std::end(table), code,
                       [](std::uint32_t c, const width_table::Range& r) { return c < r.first; });
  return after != std::begin(table) && code <= std::prev(after)->last;
}

std::size_t columns_of(std::uint32_t code) noexcept {
  if (code < 0x300) return 1;
  if (in_table(width_table::kZero, code)) return 0;
  return in_table(width_table::kWide, code) ? 2 : 1;
}

struct Character {
  std::size_t bytes = 1, columns = 1;
};

/// The character at the start of `text`. A byte that is not UTF-8 counts as one column by itself.
Character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (text.size() < length) return {};
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  return {length, columns_of(code)};
}

/// Calls visit(offset, character) for each character.
template <typename Visit>
void each_character(std::string_view text, Visit visit) {
  for (std::size_t at = 0; at < text.size();) {
    const Character character = first_character(text.substr(at));
    visit(at, character);
    at += character.bytes;
  }
}

/// The longest end of `text` that takes at most `width` columns and doesn't begin with a combining character.
std::string_view last_columns(std::string_view text, std::size_t width) {
  std::size_t left = display_width(text), start = text.size();
  each_character(text, [&](std::size_t at, const Character& character) {
    if (left <= width && start == text.size() && character.columns > 0) start = at;
    left -= character.columns;
  });
  return text.substr(start);
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  each_character(text, [&](std::size_t, const Character& character) { width += character.columns; });
  return width;
}

std::string fit_end(std::string_view text, std::size_t width) {
  std::size_t used = 0, end = 0;
  bool full = false;
  each_character(text, [&](std::size_t at, const Character& character) {
    full = full || used + character.columns > width;
    if (full) return;
    used += character.columns;
    end = at + character.bytes;
  });
  return std::string(text.substr(0, end));
}

std::string fit_middle(std::string_view text, std::size_t width, std::string_view dots) {
  if (display_width(text) <= width) return std::string(text);
  const std::size_t mark = display_width(dots);
  if (width <= mark) return fit_end(dots, width);
  const std::size_t front = (width - mark) / 3;
  const std::string head = fit_end(text, front);
  std::string fitted = head;
  fitted += dots;
  fitted += last_columns(text, width - mark - display_width(head));
  return fitted;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  const std::size_t used = display_width(text);
  if (used < width) result.append(width - used, ' ');
  return result;
}

}  // namespace outhaul
