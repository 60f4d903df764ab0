#include "cli/terminal_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "outhaul/paths.h"
#include "report/journal.h"

namespace outhaul::cli {
namespace {

bool write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void print(std::string_view text) {
  const bool journal = is_journal(STDOUT_FILENO);
  if (!(journal ? write_all(STDOUT_FILENO, with_priorities(text)) : write_all(STDOUT_FILENO, text)) &&
      errno != EPIPE)
    throw errno_error(errno, "can't write to standard output", ErrorKind::local_io, "Is the disk full?");
}

void complain(std::string_view message) noexcept {
  try {
    const std::string line = "outhaul: " + std::string(message) + "\n";
    write_all(STDERR_FILENO, is_journal(STDERR_FILENO) ? with_priorities(line) : line);
  } catch (const std::bad_alloc&) {
    write_all(STDERR_FILENO, "outhaul: out of memory\n");
  }
}

void complain(const Error& error) noexcept {
  try {
    complain(error.advice().empty() ? std::string(error.what()) : error.what() + ("\n  " + error.advice()));
  } catch (const std::bad_alloc&) {
    complain(std::string_view(error.what()));
  }
}

bool is_terminal(int fd) noexcept {
  return ::isatty(fd) == 1;
}

bool wants_colour(int fd) noexcept {
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return is_terminal(fd) && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace outhaul::cli
