// The end of a backup window, and of whatever else is stopped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/cancel.h"
#include "outhaul/error.h"

namespace outhaul {

/// CancelToken::reason() of a window that ended.
inline constexpr int kWindowEnded = -2;

/// How a command ends whose token has fired.
ExitCode outcome_when_stopped(const CancelToken& token);

/// The next time, after `now_ns`, at which local clocks show HH:MM. Throws Error{usage} when it isn't a time
/// of day.
std::int64_t next_local_time(std::string_view hh_mm, std::int64_t now_ns);

/// Cancels `token` with kWindowEnded when the wall clock reaches `at_ns`; a thread of its own until then.
class DeadlineWatch {
 public:
  DeadlineWatch(std::int64_t at_ns, CancelToken& token);
  ~DeadlineWatch();

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace outhaul
