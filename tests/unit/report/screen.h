// A small terminal: what a person would see after these bytes. Knows what the display uses of VT100 and
// xterm, and fails loudly on anything else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outhaul::test {

class Screen {
 public:
  Screen(int columns, int rows);

  void feed(std::string_view bytes);
  /// How terminals behave when their window changes: `cut` drops what no longer fits (xterm), `rewrap` lays
  /// long lines out anew and keeps the cursor on its character (tmux, VTE, kitty).
  enum class Resize { cut, rewrap };
  void resize(int columns, int rows, Resize how);

  /// Everything from the first line that scrolled off to the last one that isn't blank, without trailing
  /// spaces.
  std::vector<std::string> lines() const;
  std::string text() const;
  /// Counted from the first line that scrolled off.
  int cursor_row() const { return row_; }
  int cursor_column() const { return column_; }
  bool wraps() const { return wrap_; }
  /// Columns that lines ran over while wrapping was off, since the start: 0 when the frames fitted.
  int overrun() const { return overrun_; }
  bool saw_colour() const { return saw_colour_; }

 private:
  struct Line {
    std::vector<std::string> cells;  ///< one character each; the right half of a wide one is empty
    bool continued = false;          ///< goes on in the next line because it was wrapped
  };

  std::size_t escape(std::string_view bytes);
  void control(char final, std::string_view parameters);
  void put(const std::string& character, int width);
  void line_feed();
  Line& line() { return lines_[static_cast<std::size_t>(row_)]; }
  int top() const { return std::max(0, static_cast<int>(lines_.size()) - rows_); }
  void rewrap();

  int columns_, rows_;
  std::vector<Line> lines_;  ///< the last rows_ of them are on the screen
  int row_ = 0, column_ = 0;
  bool wrap_ = true, saw_colour_ = false;
  int overrun_ = 0;
  std::string partial_;
};

}  // namespace outhaul::test
