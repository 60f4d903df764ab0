#include "state/lock.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

#include "base/machine.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/directory.h"

// An open file description lock (fcntl(2), F_OFD_SETLK), because
// - it belongs to this one open file: unlike POSIX locks, closing another descriptor of the file doesn't drop
// it, and a
//   second run in the same process is kept out too;
// - it can be asked about without being taken (F_OFD_GETLK): with flock(2), looking who holds it would for a
// moment keep
//   a real run out;
// - the kernel drops it with its holder, however that ends: nothing is ever stale (pain 24).
// The descriptor is close-on-exec, so no hook or daemon that a hook leaves behind can go on holding it.

namespace outhaul {
namespace {

constexpr std::size_t kMaxText = 1024;

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

Error lock_error(int errno_value, const std::filesystem::path& file, const char* what) {
  return errno_error(
      errno_value, fmt::format("{}: {}", printable(file.string()), what), ErrorKind::local_io,
      "Run outhaul as the user who owns the state directory; the lock needs a local file system, which "
      "--state-dir chooses.");
}

std::string describe_self(const std::string& purpose) {
  const std::string host = host_name();
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("pid {} on {}, since {:%Y-%m-%d %H:%M:%S} UTC ({})", ::getpid(),
                     host.empty() ? "this host" : printable(host), fmt::gmtime(now), printable(purpose));
}

/// The holder's own words, ended by a newline; anything else is a writer that was interrupted, or not ours.
std::string read_description(int fd, const std::filesystem::path& file) {
  std::array<char, kMaxText> buffer{};
  const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
  const std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = text.find('\n');
  if (end != std::string_view::npos && text.starts_with("pid ")) return printable(text.substr(0, end));
  return fmt::format("a process that left no readable name in {} (`fuser -v` on that file shows it)",
                     printable(file.string()));
}

/// Only a help for people: a full disk must not keep a run from starting, the lock itself holds.
void write_description(int fd, const std::string& text) noexcept {
  const bool emptied = ::ftruncate(fd, 0) == 0;
  if (emptied && ::pwrite(fd, text.data(), text.size(), 0) < 0) return;
}

}  // namespace

StateLock StateLock::take(const std::filesystem::path& dir, const std::string& purpose) {
  make_private_directory(dir);
  const std::filesystem::path file = dir / "lock";
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw lock_error(errno, file, "the lock can't be opened");
  struct flock lock = whole_file();
  if (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) throw lock_error(errno, file, "the lock can't be taken");
    throw Error(
        ErrorKind::locked, fmt::format("another run holds the lock: {}", read_description(fd.get(), file)),
        "Wait until it has ended, or end that process. The lock goes with it: there is no file to remove.");
  }
  write_description(fd.get(), describe_self(purpose) + '\n');
  return StateLock(std::move(fd));
}

std::optional<std::string> StateLock::holder(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "lock";
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw lock_error(errno, file, "can't see whether a run holds the lock");
  }
  struct flock lock = whole_file();
  if (::fcntl(fd.get(), F_OFD_GETLK, &lock) != 0)
    throw lock_error(errno, file, "can't see whether a run holds the lock");
  if (lock.l_type == F_UNLCK) return std::nullopt;
  return read_description(fd.get(), file);
}

}  // namespace outhaul
