#include "remote/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace outhaul {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Fd descend(int from, std::string_view path) {
  Fd at(::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (at && !path.empty()) {
    const auto slash = path.find('/');
    const std::string segment(path.substr(0, slash));
    at = Fd(::openat(at.get(), segment.c_str(), kDirFlags));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return at;
}

std::string advice_for(int error) {
  switch (error) {
    case ENOSPC:
      return "free space on the disk, or point the profile at a larger one";
    case EDQUOT:
      return "raise the quota of the user who runs outhaul on that disk, or free space";
    case EROFS:
      return "mount the disk writable; a file system that found errors turns read-only: check it";
    case EACCES:
    case EPERM:
      return "give the user who runs outhaul the right to write there";
    case ENAMETOOLONG:
      return "the disk can't hold a name of this length: rename the file or exclude it";
    case EFBIG:
      return "the disk's file system can't hold a file of this size: reformat it (not FAT) or exclude the "
             "file";
    case EINVAL:
    case EILSEQ:
      return "the disk's file system can't hold this name: rename the file or exclude it";
    case ELOOP:
    case ENOTDIR:
      return "something that is not a directory is in the way; nothing is stored through symlinks: remove it";
    case EIO:
    case ENODEV:
    case ENXIO:
      return "check the disk, its cable and the kernel's log (dmesg)";
    default:
      return {};
  }
}

}  // namespace

FailureClass classify_errno(int error) noexcept {
  switch (error) {
    case 0:
      return FailureClass::none;
    case ENOSPC:
    case EDQUOT:
      return FailureClass::no_space;
    case EROFS:
      return FailureClass::stop_run;
    case EIO:
    case ENODEV:
    case ENXIO:
    case ESTALE:
    case ENOTCONN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT:
      return FailureClass::reconnect;
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return FailureClass::retry;
    default:
      return FailureClass::skip_file;
  }
}

int reply_code_for(int error) noexcept {
  switch (classify_errno(error)) {
    case FailureClass::no_space:
      return 552;
    case FailureClass::skip_file:
      return 550;
    default:
      return 0;
  }
}

const Fd& Disk::base() {
  if (base_fd_) return base_fd_;
  base_fd_ = Fd(::open(base_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (base_fd_) return base_fd_;
  const int error = errno;
  const bool absent = error == ENOENT || error == ENOTDIR;
  throw RemoteError(
      FailureClass::stop_run,
      fmt::format("{}: can't open the directory {}: {}", url_, printable(base_), std::strerror(error)),
      absent ? "is the disk mounted? if this is a new backup, make the directory first"
             : "check the directory's permissions and the disk",
      reply_code_for(error), std::strerror(error));
}

Fd Disk::open_dir(const RemotePath& dir) {
  return descend(base().get(), dir.wire());
}

Fd Disk::open_parent(const RemotePath& path) {
  if (!path.empty()) return open_dir(path.parent());
  errno = EINVAL;
  return {};
}

RemoteError Disk::error(int error, std::string_view doing, const RemotePath& path) {
  const FailureClass failure = classify_errno(error);
  if (failure == FailureClass::reconnect) forget();
  return RemoteError(
      failure, fmt::format("{}: can't {} {}: {}", url_, doing, printable(path.wire()), std::strerror(error)),
      advice_for(error), reply_code_for(error), std::strerror(error));
}

}  // namespace outhaul
