#include "job/deadline.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

int two_digits(std::string_view text, int limit) {
  int value = -1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = fault == std::errc{} && end == text.data() + text.size() && text.size() == 2;
  return whole && value >= 0 && value < limit ? value : -1;
}

}  // namespace

ExitCode outcome_when_stopped(const CancelToken& token) {
  switch (token.reason()) {
    case kWindowEnded:
      return ExitCode::window_ended;
    case SIGTERM:
    case SIGHUP:
      return ExitCode::terminated;
    default:
      return ExitCode::interrupted;
  }
}

std::int64_t next_local_time(std::string_view hh_mm, std::int64_t now_ns) {
  const int hour = hh_mm.size() == 5 && hh_mm[2] == ':' ? two_digits(hh_mm.substr(0, 2), 24) : -1;
  const int minute = hour < 0 ? -1 : two_digits(hh_mm.substr(3), 60);
  if (minute < 0)
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a time of day", hh_mm),
                "Write it as HH:MM, like 06:00.");
  const std::time_t now = floor_seconds(now_ns);
  std::tm local = {};
  ::localtime_r(&now, &local);
  local.tm_hour = hour;
  local.tm_min = minute;
  local.tm_sec = 0;
  local.tm_isdst = -1;  // mktime finds out, also across a change of the clocks
  std::tm tomorrow = local;
  ++tomorrow.tm_mday;
  const std::time_t today_at = std::mktime(&local);
  return ns_of_seconds(today_at > now ? today_at : std::mktime(&tomorrow));
}

DeadlineWatch::DeadlineWatch(std::int64_t at_ns, CancelToken& token) {
  thread_ = std::thread([this, at_ns, &token] {
    const std::chrono::system_clock::time_point at{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(at_ns))};
    std::unique_lock lock(mutex_);
    if (!ended_.wait_until(lock, at, [this] { return stop_; })) token.cancel(kWindowEnded);
  });
}

DeadlineWatch::~DeadlineWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

}  // namespace outhaul
