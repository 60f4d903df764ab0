// Numbers, times and words in the form that people and scripts read. Pure, but for the local time zone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "outhaul/counted.h"
#include "outhaul/entry.h"
#include "outhaul/report.h"

namespace outhaul {

std::string format_rate(double bytes_per_second);             ///< "12.3 MiB/s"
std::string format_time_utc(std::int64_t ns);                 ///< RFC 3339, "2026-11-21T02:00:02.123456789Z"
std::string format_mode(EntryKind kind, std::uint32_t mode);  ///< "-rw-r--r--", as ls prints it
/// The percentage of `done` in `total`, rounded down so that 100 means all; 0 for nothing of nothing.
int percent_of(std::uint64_t done, std::uint64_t total) noexcept;

/// A path for people: printable, with a '/' behind a directory; "." for the source itself.
std::string shown_path(const RelPath& path, EntryKind kind = EntryKind::file);

std::string_view to_string(EntryKind kind) noexcept;              ///< "file", "directory", "symlink"
std::string_view to_string(ScanProblem::Kind kind) noexcept;      ///< "unreadable_directory", …
std::string_view to_string(Problem::Severity severity) noexcept;  ///< "note", "warning", "error"

}  // namespace outhaul
