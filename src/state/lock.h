// One run per state directory at a time: a kernel lock, gone when its holder is gone, with the holder's name
// in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"

namespace outhaul {

class StateLock {
 public:
  /// Takes `dir`/lock (open file description lock or flock; never a bare PID file, pain 24) and writes pid,
  /// start time, host and `purpose` into it. Throws Error{locked} that names the holder when another process
  /// has it.
  static StateLock take(const std::filesystem::path& dir, const std::string& purpose);
  /// "pid 4711 on web01, since 2026-11-21 03:00:02 UTC (run web01-nightly)" when somebody holds it now; never
  /// blocks.
  static std::optional<std::string> holder(const std::filesystem::path& dir);

 private:
  explicit StateLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace outhaul
