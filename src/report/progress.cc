#include "report/progress.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "report/event_lines.h"
#include "report/journal.h"
#include "report/progress_model.h"
#include "report/terminal.h"

namespace outhaul {
namespace {

constexpr std::chrono::milliseconds kFrameTime{100};

/// One line per event that deserves it; no display.
class LineProgress final : public Progress {
 public:
  explicit LineProgress(const ProgressOptions& options)
      : fd_(options.fd), journal_(is_journal(options.fd)), lines_(options) {}

  void on(const Event& event) noexcept override {
    try {
      const std::scoped_lock lock(mutex_);
      const std::string lines = lines_.lines_for(event);
      write_whole(fd_, journal_ ? with_priorities(lines) : lines);
    } catch (...) {
      // Out of memory for a message: the backup matters more than its commentary.
    }
  }
  void finish() noexcept override {}

 private:
  const int fd_;
  const bool journal_;
  std::mutex mutex_;  ///< guards lines_ and keeps lines whole
  EventLines lines_;
};

/// Events only change the model; the thread draws. So a lane never waits for the terminal.
class LiveProgress final : public Progress {
 public:
  explicit LiveProgress(const ProgressOptions& options)
      : fd_(options.fd), style_{options.colour, utf8_locale()}, lines_(options), area_(options.fd) {
    thread_ = std::thread([this] { draw_until_finished(); });
  }
  ~LiveProgress() override { finish(); }

  void on(const Event& event) noexcept override {
    try {
      const std::scoped_lock lock(mutex_);
      model_.apply(event);
      permanent_ += lines_.lines_for(event);
      if (finished_) write_whole(fd_, std::exchange(permanent_, {}));
    } catch (...) {
      // See LineProgress::on.
    }
  }

  void finish() noexcept override {
    const std::scoped_lock one_caller(finish_mutex_);
    {
      const std::scoped_lock lock(mutex_);
      if (stop_) return;
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
    try {
      const std::scoped_lock lock(mutex_);
      finished_ = true;
      area_.close(std::exchange(permanent_, {}));
    } catch (...) {
      // See LineProgress::on.
    }
  }

 private:
  void draw_until_finished() noexcept {
    auto last = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kFrameTime, [this] { return stop_; })) {
      const auto now = std::chrono::steady_clock::now();
      try {
        model_.tick(std::chrono::duration<double>(now - last).count());
        draw(lock);
      } catch (...) {
        // See LineProgress::on.
        if (!lock.owns_lock()) lock.lock();
      }
      last = now;
    }
  }

  /// Lays the frame out under the lock and writes it without.
  void draw(std::unique_lock<std::mutex>& lock) {
    const std::vector<std::string> frame = frame_lines(model_, terminal_size(fd_), style_);
    const std::string permanent = std::exchange(permanent_, {});
    lock.unlock();
    const bool taken = area_.show(permanent, frame);
    lock.lock();
    if (!taken) permanent_.insert(0, permanent);
  }

  const int fd_;
  const FrameStyle style_;
  std::mutex finish_mutex_;
  std::mutex mutex_;  ///< guards everything up to area_
  std::condition_variable wake_;
  ProgressModel model_;
  EventLines lines_;
  std::string permanent_;  ///< lines that wait to be printed above the area
  bool stop_ = false, finished_ = false;
  LiveArea area_;  ///< the thread's; finish()'s once the thread has ended
  std::thread thread_;
};

bool colours_allowed() {
  const char* const no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
  return can_move_cursor() && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

std::unique_ptr<Progress> make_progress(const ProgressOptions& options) {
  ProgressOptions checked = options;
  checked.colour = options.colour && colours_allowed();
  if (checked.tty && !checked.quiet && can_move_cursor()) {
    try {
      return std::make_unique<LiveProgress>(checked);
    } catch (const std::system_error&) {
      // No thread to be had: lines do as well.
    }
  }
  return std::make_unique<LineProgress>(checked);
}

}  // namespace outhaul
