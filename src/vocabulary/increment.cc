#include "outhaul/increment.h"

#include <fmt/format.h>

#include <ctime>

#include "base/nanoseconds.h"

namespace outhaul {

std::string compact_utc(std::int64_t ns) {
  const std::time_t seconds = floor_seconds(ns);
  std::tm tm{};
  ::gmtime_r(&seconds, &tm);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec);
}

RemotePath increment_dir(const RemotePath& target, RunId run, std::int64_t started_ns, int attempt) {
  const std::string name =
      fmt::format("run-{:06}-{}", static_cast<std::int64_t>(run), compact_utc(started_ns));
  return target / RemotePath::parse(attempt > 1 ? fmt::format("{}.{}", name, attempt) : name);
}

RemotePath longest_increment_dir(const RemotePath& target) {
  return increment_dir(target, RunId{999999}, 0, kMostAttempts);
}

}  // namespace outhaul
