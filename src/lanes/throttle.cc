#include "lanes/throttle.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

using std::chrono::milliseconds;

std::tm local_time(std::int64_t now_ns) {
  const std::time_t now = floor_seconds(now_ns);
  std::tm local = {};
  ::localtime_r(&now, &local);
  return local;
}

std::string announcement(std::uint64_t limit, std::optional<int> until) {
  std::string text = "bandwidth: no limit";
  if (limit >= 1024)
    text = fmt::format("bandwidth: at most {:.6g} KiB/s", static_cast<double>(limit) / 1024);
  else if (limit > 0)
    text = fmt::format("bandwidth: at most {} bytes/s", limit);
  if (until) text += fmt::format(" until {:02}:{:02}", *until / 60, *until % 60);
  return text;
}

}  // namespace

Throttle::Throttle(std::vector<BandwidthRule> rules, Clock& clock, EventSink& events)
    : rules_(std::move(rules)), clock_(clock), events_(events) {}

void Throttle::follow_the_clock() {
  const auto now = clock_.steady();
  if (looked_ && now < look_again_) return;
  const std::tm local = local_time(clock_.now_ns());
  const int minute = local.tm_hour * 60 + local.tm_min;
  const std::uint64_t limit = limit_at(rules_, minute);
  look_again_ = now + std::chrono::seconds(std::max(60 - local.tm_sec, 1));
  pacer_.set_limit(limit, now);
  if (!std::exchange(looked_, true) || limit != limit_)
    events_.on(Notice{announcement(limit, next_change(rules_, minute))});
  limit_ = limit;
}

std::size_t Throttle::piece() {
  const std::lock_guard lock(mutex_);
  follow_the_clock();
  return pacer_.piece();
}

void Throttle::pay(std::size_t bytes, const CancelToken& cancel) {
  Pacer::Time due;
  {
    const std::lock_guard lock(mutex_);
    follow_the_clock();
    due = pacer_.book(bytes, clock_.steady());
  }
  const auto wait = std::chrono::ceil<milliseconds>(due - clock_.steady());
  const bool waited = wait.count() <= 0 ? !cancel.cancelled() : clock_.wait(wait, cancel);
  if (!waited) throw RemoteError(FailureClass::cancelled, "stopped on request");
}

std::size_t ThrottledSource::read(std::span<std::byte> buffer) {
  const std::size_t got = source_.read(buffer.first(std::min(buffer.size(), throttle_.piece())));
  if (got > 0) throttle_.pay(got, cancel_);
  return got;
}

ByteSink throttled(ByteSink sink, Throttle& throttle, const CancelToken& cancel) {
  return [sink = std::move(sink), &throttle, &cancel](std::span<const std::byte> got) {
    for (std::span<const std::byte> rest = got; !rest.empty();) {
      const std::size_t some = std::min(rest.size(), throttle.piece());
      throttle.pay(some, cancel);
      rest = rest.subspan(some);
    }
    return sink(got);
  };
}

}  // namespace outhaul
