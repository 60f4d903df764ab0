#include "screen.h"

#include <algorithm>
#include <stdexcept>

#include "report/width.h"

namespace outhaul::test {
namespace {

std::size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

std::string joined_cells(const std::vector<std::string>& cells) {
  std::string text;
  for (const std::string& cell : cells) text += cell;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

Screen::Screen(int columns, int rows) : columns_(columns), rows_(rows), lines_(1) {}

void Screen::feed(std::string_view bytes) {
  const std::string all = partial_ + std::string(bytes);
  partial_.clear();
  std::string_view rest = all;
  while (!rest.empty()) {
    std::size_t used = 1;
    if (rest.front() == '\x1b') {
      used = escape(rest);
    } else if (rest.front() == '\r') {
      column_ = 0;
    } else if (rest.front() == '\n') {
      line_feed();
    } else {
      used = character_bytes(rest);
      if (used <= rest.size()) {
        const std::string character(rest.substr(0, used));
        put(character, static_cast<int>(display_width(character)));
      } else {
        used = 0;
      }
    }
    if (used == 0) {
      partial_ = rest;
      return;
    }
    rest.remove_prefix(used);
  }
}

/// Length of the sequence; 0 when it isn't complete yet.
std::size_t Screen::escape(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  if (bytes[1] != '[') throw std::runtime_error("an escape sequence that this screen does not know");
  const std::size_t end = bytes.find_first_not_of("0123456789;?", 2);
  if (end == std::string_view::npos) return 0;
  control(bytes[end], bytes.substr(2, end - 2));
  return end + 1;
}

void Screen::control(char final, std::string_view parameters) {
  const int number = parameters.empty() || parameters.front() == '?' ? 1 : std::stoi(std::string(parameters));
  if (final == 'A') {
    row_ = std::max(row_ - number, top());
  } else if (final == 'K' && parameters.empty()) {
    if (line().cells.size() > static_cast<std::size_t>(column_))
      line().cells.resize(static_cast<std::size_t>(column_));
    line().continued = false;
  } else if (final == 'J' && parameters.empty()) {
    control('K', "");
    for (std::size_t i = static_cast<std::size_t>(row_) + 1; i < lines_.size(); ++i) lines_[i] = {};
  } else if (final == 'm') {
    saw_colour_ = true;
  } else if (parameters == "?7" && (final == 'h' || final == 'l')) {
    wrap_ = final == 'h';
  } else {
    throw std::runtime_error("a control sequence that this screen does not know: " + std::string(parameters) +
                             final);
  }
}

void Screen::line_feed() {
  line().continued = false;
  ++row_;
  if (static_cast<std::size_t>(row_) == lines_.size()) lines_.emplace_back();
}

void Screen::put(const std::string& character, int width) {
  if (width == 0) {
    if (column_ > 0) line().cells[static_cast<std::size_t>(column_ - 1)] += character;
    return;
  }
  if (column_ + width > columns_) {
    if (!wrap_) {
      overrun_ += width;
      return;
    }
    line_feed();
    lines_[static_cast<std::size_t>(row_ - 1)].continued = true;
    column_ = 0;
  }
  auto& cells = line().cells;
  const auto end = static_cast<std::size_t>(column_ + width);
  if (cells.size() < end) cells.resize(end, " ");
  cells[static_cast<std::size_t>(column_)] = character;
  if (width == 2) cells[end - 1] = "";
  column_ += width;
}

void Screen::resize(int columns, int rows, Resize how) {
  columns_ = columns;
  if (how == Resize::rewrap) rewrap();
  if (how == Resize::cut)
    for (Line& each : lines_)
      if (each.cells.size() > static_cast<std::size_t>(columns))
        each.cells.resize(static_cast<std::size_t>(columns));
  rows_ = rows;
  column_ = std::min(column_, columns_ - 1);
  // Rows above the cursor scroll off when the window gets lower; the cursor is never left outside.
  row_ = std::max(row_, top());
}

void Screen::rewrap() {
  std::vector<Line> fresh;
  int fresh_row = 0, fresh_column = 0;
  for (std::size_t i = 0; i < lines_.size();) {
    std::vector<std::string> whole;
    int cursor = -1;
    for (bool more = true; more; ++i) {
      if (static_cast<int>(i) == row_) cursor = static_cast<int>(whole.size()) + column_;
      whole.insert(whole.end(), lines_[i].cells.begin(), lines_[i].cells.end());
      more = lines_[i].continued && i + 1 < lines_.size();
    }
    const auto width = static_cast<std::size_t>(columns_);
    std::size_t at = 0;
    do {
      if (cursor >= static_cast<int>(at)) {
        fresh_row = static_cast<int>(fresh.size());
        fresh_column = cursor - static_cast<int>(at);
      }
      const std::size_t end = std::min(at + width, whole.size());
      fresh.push_back({{whole.begin() + static_cast<std::ptrdiff_t>(at),
                        whole.begin() + static_cast<std::ptrdiff_t>(end)},
                       end < whole.size()});
      at = end;
    } while (at < whole.size());
  }
  lines_ = std::move(fresh);
  row_ = fresh_row;
  column_ = fresh_column;
}

std::vector<std::string> Screen::lines() const {
  std::vector<std::string> result;
  for (const Line& each : lines_) result.push_back(joined_cells(each.cells));
  while (!result.empty() && result.back().empty()) result.pop_back();
  return result;
}

std::string Screen::text() const {
  std::string text;
  for (const std::string& each : lines()) text += each + '\n';
  return text;
}

}  // namespace outhaul::test
