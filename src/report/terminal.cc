#include "report/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

namespace outhaul {
namespace {

constexpr std::string_view kEraseBelow = "\r\x1b[J", kEraseRest = "\x1b[K", kWrapOff = "\x1b[?7l",
                           kWrapOn = "\x1b[?7h";
constexpr int kPatienceMs = 1000;

bool writable(int fd, int timeout_ms) noexcept {
  pollfd request{fd, POLLOUT, 0};
  return ::poll(&request, 1, timeout_ms) > 0;
}

/// The raw terminal (no ONLCR) needs the carriage return too.
void append_lines(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
}

/// Wrapping is off while the area is drawn: should the terminal just have become narrower, a line is cut
/// instead of taking two rows, and the way back up stays right.
void append_area(std::string& out, const std::vector<std::string>& lines) {
  out += kWrapOff;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += "\r\n";
    out += lines[i];
    out += kEraseRest;
  }
  out += "\x1b[J";
  out += kWrapOn;
  if (lines.size() > 1) out += fmt::format("\x1b[{}A", lines.size() - 1);
  out += '\r';
}

}  // namespace

TerminalSize terminal_size(int fd) noexcept {
  winsize size{};
  TerminalSize result;
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return result;
  if (size.ws_col > 0) result.columns = size.ws_col;
  if (size.ws_row > 0) result.rows = size.ws_row;
  return result;
}

bool can_move_cursor() noexcept {
  const char* const term = std::getenv("TERM");
  return term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

bool utf8_locale() noexcept {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string folded;
    for (const char* c = value; *c != '\0'; ++c)
      if (*c != '-') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
    return folded.find("utf8") != std::string::npos;
  }
  return false;
}

bool LiveArea::flush(Patience patience) {
  while (!unsent_.empty() && !gone_) {
    const ssize_t written = ::write(fd_, unsent_.data(), unsent_.size());
    if (written >= 0) {
      unsent_.erase(0, static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (patience == Patience::none || !writable(fd_, kPatienceMs)) return false;
    } else if (errno != EINTR) {
      gone_ = true;
    }
  }
  if (gone_) unsent_.clear();
  return true;
}

bool LiveArea::show(std::string_view permanent, const std::vector<std::string>& lines) {
  if (!flush(Patience::none)) return false;
  if (permanent.empty() && lines.empty() && !drawn_) return true;
  if (drawn_ && (lines.empty() || !permanent.empty())) unsent_ += kEraseBelow;
  append_lines(unsent_, permanent);
  if (!lines.empty()) append_area(unsent_, lines);
  drawn_ = !lines.empty();
  flush(Patience::none);
  return true;
}

void LiveArea::close(std::string_view permanent) {
  if (!flush(Patience::some)) return;
  if (drawn_) unsent_ += kEraseBelow;
  append_lines(unsent_, permanent);
  drawn_ = false;
  flush(Patience::some);
}

void write_whole(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!writable(fd, kPatienceMs)) return;
    } else if (errno != EINTR)
      return;
  }
}

}  // namespace outhaul
