// The directory that is restored to, and the only way into it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.h"
#include "outhaul/entry.h"
#include "outhaul/error.h"
#include "restore/decide.h"

namespace outhaul {

/// The mode of a directory that has not got its own yet: nobody else's business, and by its odd bit to be
/// told from one that somebody made.
inline constexpr mode_t kUnfinishedDir = 01700;

/// One path of a destination can't be reached or changed; the others may be.
class PathError : public Error {
 public:
  PathError(int errno_value, const std::string& message, std::string advice = {})
      : Error(ErrorKind::local_io, message, std::move(advice)), errno_value_(errno_value) {}
  int errno_value() const noexcept { return errno_value_; }

 private:
  int errno_value_;
};

/// Throws PathError{EINVAL} for what isn't a path below a directory, whatever claims that it is one.
void check_path(const RelPath& path);

struct Room {
  std::uint64_t free = 0;   ///< bytes that this user may still write
  bool may_shrink = false;  ///< a file system that may store less than it is given
};

/// Every operation starts from one directory descriptor and refuses a symlink in any segment below it, so
/// that nothing is read or written outside, whatever stands there or is put there meanwhile. Thread-safe.
class Destination {
 public:
  /// `dir`, made if it is missing; the one above it must be there. Throws Error{usage} or Error{local_io}.
  static Destination open(const std::filesystem::path& dir, bool make);
  /// One directory below this one, a destination of its own; made if it is missing.
  Destination below(const std::string& name, bool make) const;
  Destination(Destination&&) noexcept = default;
  Destination& operator=(Destination&&) noexcept = default;

  /// Where it is, for messages.
  const std::filesystem::path& path() const noexcept { return path_; }
  /// False when it is missing and was not to be made.
  bool exists() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }

  /// The directory at `dir`; empty: this one. Throws PathError.
  Fd open_dir(const RelPath& dir) const;
  /// What is at `path`; empty when nothing is, or a directory above it is missing. Throws PathError when a
  /// segment above it is no directory.
  std::optional<Standing> look(const RelPath& path) const;
  /// The file at `path`, to be read; never a FIFO, a device or a symlink. Throws PathError.
  Fd open_file(const RelPath& path) const;
  /// With kUnfinishedDir. Throws PathError.
  void make_dir(const RelPath& path) const;

  /// Nobody else may restore into it while this lives. Throws Error{locked}.
  void lock() const;
  Room room() const;
  /// Returns when all that was written is on the disk. Throws Error{local_io}.
  void sync() const;

 private:
  Destination(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd walk(const std::string& bytes) const;

  Fd fd_;
  std::filesystem::path path_;
};

/// What stands under `name` in `dir`. Throws PathError; `path`: for messages.
std::optional<Standing> look_at(int dir, const std::string& name, const RelPath& path);

}  // namespace outhaul
