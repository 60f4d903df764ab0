#include "report/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>

namespace outhaul {
namespace {

struct Beginning {
  std::string_view text;
  char priority;
};

constexpr std::array kBeginnings{
    Beginning{"outhaul: warning:", '4'},
    Beginning{"outhaul: note:", '5'},
    Beginning{"outhaul: ", '3'},  // what ended a command
    Beginning{"error:", '3'},
    Beginning{"warning:", '4'},
    Beginning{"note:", '5'},
    // The headlines of run_text() and its kin.
    Beginning{"FAILED:", '3'},
    Beginning{"NOT RUN:", '3'},
    Beginning{"INCOMPLETE:", '3'},
    Beginning{"REFUSED:", '3'},
    Beginning{"REMOTE UNUSABLE:", '3'},
    Beginning{"NOT FINISHED:", '4'},
    Beginning{"INTERRUPTED:", '4'},
    Beginning{"TERMINATED:", '4'},
};

char priority_of(std::string_view line) {
  for (const Beginning& beginning : kBeginnings)
    if (line.starts_with(beginning.text)) return beginning.priority;
  return '6';
}

}  // namespace

bool is_journal(int fd) noexcept {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat seen {};
  if (stream == nullptr || ::fstat(fd, &seen) != 0) return false;
  char* end = nullptr;
  const unsigned long long device = std::strtoull(stream, &end, 10);
  if (*end != ':') return false;
  const unsigned long long inode = std::strtoull(end + 1, &end, 10);
  return *end == '\0' && device == seen.st_dev && inode == seen.st_ino;
}

std::string with_priorities(std::string_view text) {
  std::string lines;
  char priority = '6';
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.starts_with(' ')) priority = priority_of(line);
    lines += {'<', priority, '>'};
    lines += line;
    if (end == std::string_view::npos) break;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace outhaul
