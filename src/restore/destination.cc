#include "restore/destination.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
std::string quoted(const RelPath& path) {
  return fmt::format("\"{}\"", printable(path.bytes()));
}

[[noreturn]] void fail(int error, const char* doing, const RelPath& path) {
  const std::string what = fmt::format("can't {} {}: ", doing, quoted(path));
  if (error == ELOOP || error == ENOTDIR)
    throw PathError(error, what + "a symlink or a file stands where a directory is wanted",
                    "Move it away, or restore to an empty directory; it is not followed.");
  if (error == EACCES || error == EPERM)
    throw PathError(error, what + std::strerror(error),
                    "Run the restore as a user who may write there, or restore to another directory.");
  if (error == ENAMETOOLONG)
    throw PathError(error, what + std::strerror(error), "Restore to a file system that holds longer names.");
  throw PathError(error, what + std::strerror(error));
}

Fd open_segment(int dir, const std::string& name, int flags) {
  return Fd(::openat(dir, name.c_str(), flags));
}

/// All segments at once, where the kernel can (5.6) and is allowed to.
std::optional<Fd> open_beneath(int root, const std::string& path) {
  open_how how{};
  how.flags = kDirFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (fd < 0 &&
      (errno == ENOSYS || errno == EPERM || errno == EAGAIN || errno == ENAMETOOLONG || errno == E2BIG))
    return std::nullopt;
  return Fd(static_cast<int>(fd));
}

std::string read_link(int dir, const std::string& name, const struct stat& st) {
  std::string target(static_cast<std::size_t>(st.st_size) + 1, '\0');
  const ssize_t length = ::readlinkat(dir, name.c_str(), target.data(), target.size());
  target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return target;
}

Error cannot_make(const std::filesystem::path& dir, int error) {
  const std::string shown = printable(dir.native());
  if (error == ENOENT)
    return {ErrorKind::usage, fmt::format("--to: the directory above \"{}\" does not exist", shown),
            "Make it first, or check the path for a slip of the pen."};
  return errno_error(error, fmt::format("--to: can't use \"{}\"", shown), ErrorKind::local_io,
                     "Name a directory that you may write to.");
}

}  // namespace

void check_path(const RelPath& path) {
  try {
    if (!path.empty()) static_cast<void>(RelPath::parse(path.bytes()));
  } catch (const Error& fault) {
    throw PathError(EINVAL,
                    fmt::format("the state names {}, which is no path below a source ({}): refused",
                                quoted(path), fault.what()),
                    "The state is damaged or was tampered with. What else it says is restored all the same.");
  }
}

Destination Destination::open(const std::filesystem::path& dir, bool make) {
  const std::filesystem::path absolute = std::filesystem::absolute(dir).lexically_normal();
  const auto try_open = [&] { return Fd(::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); };
  Fd fd = try_open();
  if (!fd && errno == ENOENT && make) {
    std::string name = absolute.native();
    while (name.size() > 1 && name.ends_with('/')) name.pop_back();
    if (::mkdir(name.c_str(), 0777) != 0 && errno != EEXIST) throw cannot_make(absolute, errno);
    fd = try_open();
  }
  if (!fd && (errno != ENOENT || make)) throw cannot_make(absolute, errno);
  return {std::move(fd), absolute};
}

Destination Destination::below(const std::string& name, bool make) const {
  const RelPath path = RelPath::parse(name);
  if (!exists()) return {Fd(), path_ / name};
  if (make && ::mkdirat(fd_.get(), name.c_str(), 0777) != 0 && errno != EEXIST) fail(errno, "make", path);
  Fd fd = open_segment(fd_.get(), name, kDirFlags);
  if (!fd && (make || errno != ENOENT)) fail(errno, "open", path);
  return {std::move(fd), path_ / name};
}

/// One segment after the other: for old kernels, and for paths longer than the kernel takes at once.
Fd Destination::walk(const std::string& bytes) const {
  Fd at;
  for (std::size_t begin = 0; begin <= bytes.size();) {
    const std::size_t end = std::min(bytes.find('/', begin), bytes.size());
    at = open_segment(at ? at.get() : fd_.get(), bytes.substr(begin, end - begin), kDirFlags);
    if (!at) return at;
    begin = end + 1;
  }
  return at;
}

Fd Destination::open_dir(const RelPath& dir) const {
  Fd fd;
  if (dir.empty()) {
    fd = open_segment(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } else {
    check_path(dir);
    auto opened = open_beneath(fd_.get(), dir.bytes());
    fd = opened ? std::move(*opened) : walk(dir.bytes());
  }
  if (!fd) fail(errno, "open", dir);
  return fd;
}

std::optional<Standing> look_at(int dir, const std::string& name, const RelPath& path) {
  struct stat st {};
  if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(errno, "look at", path);
  }
  Standing there;
  there.size = static_cast<std::uint64_t>(st.st_size);
  there.dev = st.st_dev;
  there.inode = st.st_ino;
  there.kind = S_ISREG(st.st_mode)   ? Standing::Kind::file
               : S_ISDIR(st.st_mode) ? Standing::Kind::directory
               : S_ISLNK(st.st_mode) ? Standing::Kind::symlink
                                     : Standing::Kind::other;
  if (there.kind == Standing::Kind::symlink) there.link_target = read_link(dir, name, st);
  return there;
}

std::optional<Standing> Destination::look(const RelPath& path) const {
  if (!exists()) return std::nullopt;
  try {
    const Fd dir = open_dir(RelPath::trusted(std::string(path.parent())));
    return look_at(dir.get(), std::string(path.name()), path);
  } catch (const PathError& error) {
    if (error.errno_value() == ENOENT) return std::nullopt;
    throw;
  }
}

Fd Destination::open_file(const RelPath& path) const {
  const Fd dir = open_dir(RelPath::trusted(std::string(path.parent())));
  Fd file(::openat(dir.get(), std::string(path.name()).c_str(),
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat st {};
  if (!file || ::fstat(file.get(), &st) != 0) fail(errno, "read", path);
  if (!S_ISREG(st.st_mode)) fail(EINVAL, "read", path);
  return file;
}

void Destination::make_dir(const RelPath& path) const {
  const Fd dir = open_dir(RelPath::trusted(std::string(path.parent())));
  if (::mkdirat(dir.get(), std::string(path.name()).c_str(), kUnfinishedDir) != 0) fail(errno, "make", path);
}

void Destination::lock() const {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return;  // not all file systems lock
  throw Error(ErrorKind::locked,
              fmt::format("another restore is at work in \"{}\"", printable(path_.native())),
              "Wait for it to end, or restore to another directory.");
}

Room Destination::room() const {
  struct statvfs space {};
  struct statfs kind {};
  if (::fstatvfs(fd_.get(), &space) != 0 || ::fstatfs(fd_.get(), &kind) != 0) return {UINT64_MAX, true};
  if (space.f_blocks == 0) return {UINT64_MAX, true};  // it doesn't tell
  constexpr long kZfs = 0x2FC12FC1, kBcachefs = 0xca451a4e;
  const bool shrinks = kind.f_type == BTRFS_SUPER_MAGIC || kind.f_type == kZfs || kind.f_type == kBcachefs ||
                       kind.f_type == FUSE_SUPER_MAGIC;
  return {clamped_product<std::uint64_t>(space.f_bavail, space.f_frsize), shrinks};
}

void Destination::sync() const {
  if (::syncfs(fd_.get()) == 0 || errno == EINVAL || errno == ENOSYS) return;
  throw errno_error(errno,
                    fmt::format("what was restored to \"{}\" could not be written out to the disk",
                                printable(path_.native())),
                    ErrorKind::local_io, "Check the disk, then restore again: everything is compared anew.");
}

}  // namespace outhaul
