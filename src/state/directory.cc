#include "state/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

constexpr const char* kAdvice =
    "The state needs a directory that this user can write to: make it, mend its owner and mode, or choose "
    "another place with "
    "--state-dir.";

Error directory_error(int errno_value, const std::filesystem::path& dir, const char* what) {
  return errno_error(errno_value, fmt::format("{}: {}", printable(dir.string()), what), ErrorKind::local_io,
                     kAdvice);
}

/// `above`: what is above it is made, too. Once: below /proc a name is missing that can't be made.
void make(const std::filesystem::path& dir, bool above) {
  const std::filesystem::path path = dir.has_filename() ? dir : dir.parent_path();  // "a/b/" is "a/b"
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (::chmod(path.c_str(), 0700) != 0)
      throw directory_error(errno, path, "can't set its mode");  // umask 0277
    return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
  }
  const int reason = errno;
  if (above && reason == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    make(path.parent_path(), true);
    return make(path, false);
  }
  struct stat status {};
  if (reason == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
  throw directory_error(reason == EEXIST ? ENOTDIR : reason, path, "can't make the state directory");
}

}  // namespace

void make_private_directory(const std::filesystem::path& dir) {
  make(dir, true);
}

void sync_directory(const std::filesystem::path& dir) {
  const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    // A parent that we may enter but not read can't be synced by us; the file system's own order must do.
    if (errno == EACCES) return;
    throw directory_error(errno, dir, "can't open the directory");
  }
  // EINVAL: a file system that has nothing to sync for a directory.
  if (::fsync(fd.get()) != 0 && errno != EINVAL)
    throw directory_error(errno, dir, "can't make the directory durable");
}

bool can_write_directory(const std::filesystem::path& dir) noexcept {
  return ::faccessat(AT_FDCWD, dir.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

}  // namespace outhaul
