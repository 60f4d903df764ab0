// Lines for systemd's journal, which reads their priority off a prefix (sd-daemon(3)).
#pragma once

#include <string>
#include <string_view>

namespace outhaul {

/// What is written to `fd` goes to the journal (JOURNAL_STREAM, systemd.exec(5)), and nowhere else.
bool is_journal(int fd) noexcept;

/// Each line with "<3>" for errors and what failed, "<4>" for warnings and what was cut short, "<5>" for
/// notes, "<6>" for the rest. A line that is indented goes on with the one before. Pure.
std::string with_priorities(std::string_view text);

}  // namespace outhaul
