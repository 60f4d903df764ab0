#include "report/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "base/nanoseconds.h"
#include "report/text.h"

namespace outhaul {
namespace {

constexpr std::int64_t kSecond = kNsPerSecond;

std::string with_strftime(const char* format, const std::tm& time) {
  std::array<char, 64> buffer{};
  return std::string(buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &time));
}

/// Three significant digits without trailing zeros: "1.5", "12.3", "312".
std::string three_digits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.5 and more would print as "1024": that is 1 of the next unit.
  while (value >= 1023.5 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), units[unit]);
}

std::string format_rate(double bytes_per_second) {
  const double rate = std::clamp(bytes_per_second, 0.0, 1e18);
  return format_bytes(static_cast<std::uint64_t>(rate)) + "/s";
}

std::string format_duration(std::int64_t ns) {
  const std::int64_t time = std::max<std::int64_t>(ns, 0);
  if (time < kSecond) return fmt::format("{} ms", time / 1'000'000);
  const std::int64_t tenths = clamped_sum(time, kSecond / 20) / (kSecond / 10);
  if (tenths < 600) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t seconds = clamped_sum(time, kSecond / 2) / kSecond;
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  const std::int64_t minutes = seconds / 60;
  if (minutes < 24 * 60) return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {:02} h", minutes / (24 * 60), minutes / 60 % 24);
}

std::string format_age(std::int64_t ns) {
  if (ns < -kSecond) return "in the future";
  const std::int64_t seconds = std::max<std::int64_t>(ns, 0) / kSecond;
  if (seconds < 10) return "just now";
  if (seconds < 60) return fmt::format("{} s ago", seconds);
  if (seconds < 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / (24 * 3600));
}

std::string format_time_local(std::int64_t ns) {
  const std::time_t seconds = floor_seconds(ns);
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return format_time_utc(ns);
  return with_strftime("%Y-%m-%d %H:%M:%S %z", local);
}

std::string format_time_utc(std::int64_t ns) {
  const SplitTime time = split_ns(ns);
  const std::time_t seconds = time.seconds;
  std::tm utc{};
  gmtime_r(&seconds, &utc);  // 64 bits of nanoseconds end in the year 2262: it can't fail
  std::string text = with_strftime("%Y-%m-%dT%H:%M:%S", utc);
  if (time.nanoseconds != 0) text += fmt::format(".{:09}", time.nanoseconds);
  return text + 'Z';
}

std::string format_mode(EntryKind kind, std::uint32_t mode) {
  std::string text = kind == EntryKind::directory ? "d" : kind == EntryKind::symlink ? "l" : "-";
  const auto triple = [&](unsigned shift, std::uint32_t special, char with_x, char without_x) {
    const std::uint32_t bits = mode >> shift;
    text += (bits & 4) != 0 ? 'r' : '-';
    text += (bits & 2) != 0 ? 'w' : '-';
    const bool x = (bits & 1) != 0;
    text += (mode & special) != 0 ? (x ? with_x : without_x) : (x ? 'x' : '-');
  };
  triple(6, 04000, 's', 'S');
  triple(3, 02000, 's', 'S');
  triple(0, 01000, 't', 'T');
  return text;
}

int percent_of(std::uint64_t done, std::uint64_t total) noexcept {
  if (total == 0) return 0;
  if (done >= total) return 100;
  const auto percent = static_cast<int>(static_cast<double>(done) / static_cast<double>(total) * 100);
  return std::min(percent, 99);
}

std::string shown_path(const RelPath& path, EntryKind kind) {
  if (path.empty()) return ".";
  std::string text = printable(path.bytes());
  if (kind == EntryKind::directory) text += '/';
  return text;
}

std::string_view to_string(EntryKind kind) noexcept {
  switch (kind) {
    case EntryKind::file:
      return "file";
    case EntryKind::directory:
      return "directory";
    case EntryKind::symlink:
      return "symlink";
  }
  return "file";
}

std::string_view to_string(ScanProblem::Kind kind) noexcept {
  switch (kind) {
    case ScanProblem::Kind::unreadable_directory:
      return "unreadable_directory";
    case ScanProblem::Kind::unreadable_entry:
      return "unreadable_entry";
    case ScanProblem::Kind::special:
      return "special";
    case ScanProblem::Kind::other_file_system:
      return "other_file_system";
    case ScanProblem::Kind::unreadable_xattr:
      return "unreadable_xattr";
  }
  return "unreadable_entry";
}

std::string_view to_string(Problem::Severity severity) noexcept {
  switch (severity) {
    case Problem::Severity::note:
      return "note";
    case Problem::Severity::warning:
      return "warning";
    case Problem::Severity::error:
      return "error";
  }
  return "error";
}

}  // namespace outhaul
