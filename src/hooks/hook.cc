#include "hooks/hook.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "outhaul/paths.h"
#include "process/subprocess.h"

namespace outhaul {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostLines = 1000, kLongestLine = 500, kLastLines = 5;
constexpr std::chrono::milliseconds kLook{50};

/// What a command prints, as lines.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& line) : line_(line) {}

  void take(std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        end_line();
      } else if (open_.size() < kLongestLine) {
        open_ += c;
      }
    }
  }
  /// The last line may have no end.
  std::vector<std::string> finish() {
    if (!open_.empty()) end_line();
    return std::move(last_);
  }

 private:
  void end_line() {
    while (!open_.empty() && (open_.back() == '\r' || open_.back() == ' ')) open_.pop_back();
    std::string text = printable(open_);
    open_.clear();
    if (text.empty()) return;
    if (++count_ <= kMostLines) line_(text);
    if (count_ == kMostLines) line_("it prints more than is written down");
    if (last_.size() == kLastLines) last_.erase(last_.begin());
    last_.push_back(std::move(text));
  }

  const std::function<void(std::string_view)>& line_;
  std::string open_;
  std::vector<std::string> last_;
  std::size_t count_ = 0;
};

/// False at the end of the output.
bool read_some(int fd, Lines& lines) {
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) lines.take({buffer.data(), static_cast<std::size_t>(got)});
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/// What is there already, and no more: a program in the background may hold the other end for ever.
void read_the_rest(int fd, Lines& lines) {
  pollfd readable{fd, POLLIN, 0};
  for (std::size_t i = 0; i<kMostLines&& ::poll(&readable, 1, 0)> 0; ++i)
    if (!read_some(fd, lines)) return;
}

/// One command from its start to its end.
class Watch {
 public:
  Watch(Subprocess& child, const HookLimits& limits, const CancelToken& cancel, Lines& lines)
      : child_(child),
        limits_(limits),
        cancel_(cancel),
        lines_(lines),
        deadline_(Clock::now() + limits.run) {}

  /// Why it failed; empty for success.
  std::string wait() {
    bool open = true;
    for (;;) {
      if (const auto status = child_.ended()) {
        read_the_rest(child_.output(), lines_);
        return why_.empty() ? how_it_failed(*status) : why_;
      }
      look_at_the_clock();
      pollfd readable{open ? child_.output() : -1, POLLIN, 0};
      const int ready = ::poll(&readable, 1, static_cast<int>(kLook.count()));
      if (ready > 0) open = read_some(child_.output(), lines_);
    }
  }

 private:
  void look_at_the_clock() {
    const auto now = Clock::now();
    if (why_.empty() && cancel_.cancelled()) why_ = "was stopped, because the run was";
    if (why_.empty() && now >= deadline_)
      why_ = fmt::format("did not end within {} s and was stopped",
                         std::chrono::duration<double>(limits_.run).count());
    if (why_.empty()) return;
    if (asked_ == Clock::time_point{}) {
      child_.ask_to_end();
      asked_ = now;
    } else if (now >= asked_ + limits_.grace) {
      child_.ask_to_end(true);
    }
  }

  Subprocess& child_;
  const HookLimits& limits_;
  const CancelToken& cancel_;
  Lines& lines_;
  const Clock::time_point deadline_;
  Clock::time_point asked_{};
  std::string why_;
};

}  // namespace

HookResult run_hook(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                    const HookLimits& limits, const CancelToken& cancel,
                    const std::function<void(std::string_view)>& line) {
  HookResult result;
  Lines lines(line);
  try {
    Subprocess child({.argv = argv, .environment = environment, .errors_too = true, .own_group = true});
    result.failure = Watch(child, limits, cancel, lines).wait();
  } catch (const std::system_error& error) {
    result.failure = fmt::format("can't be run: {}", std::strerror(error.code().value()));
  }
  result.said = lines.finish();
  result.done = result.failure.empty();
  return result;
}

}  // namespace outhaul
