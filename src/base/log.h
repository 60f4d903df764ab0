// The log: off until it is opened. Thread-safe. Never give it a secret.
#pragma once

#include <string>
#include <string_view>

namespace outhaul::log {

enum class Level { debug, info, warning, error };

/// Appends to `file` from `level` up; throws std::runtime_error when it can't be opened.
void open_file(const std::string& file, Level level);
/// Also writes to standard error from `level` up (for -v).
void open_stderr(Level level);
bool enabled(Level level) noexcept;
void write(Level level, std::string_view message) noexcept;
void flush() noexcept;

}  // namespace outhaul::log
