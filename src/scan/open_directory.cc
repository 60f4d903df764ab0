#include "scan/open_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace outhaul {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int open_at(int parent, const char* name) {
  int fd = -1;
  do fd = openat(parent, name, kOpenFlags);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/// Of the directory `fd`. Looks "." up, which asks for search permission too: without it, not one of its
/// entries could be examined.
bool stat_searchable(int fd, struct stat& info) {
  return fstatat(fd, ".", &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/// What became of a name whose directory is not the one that was examined: `opened` when `id` properly took
/// its place.
OpenedDirectory::Outcome second_look(int parent, const char* name, const FileId& id) {
  using Outcome = OpenedDirectory::Outcome;
  struct stat info {};
  if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
    return errno == ENOENT ? Outcome::gone : Outcome::changed;
  return S_ISDIR(info.st_mode) && file_id(info) == id ? Outcome::opened : Outcome::changed;
}

}  // namespace

FileId file_id(const struct stat& info) noexcept {
  return {info.st_dev, info.st_ino};
}

OpenedDirectory open_directory(int parent, const char* name, const FileId& expected) {
  using Outcome = OpenedDirectory::Outcome;
  OpenedDirectory result;
  result.fd = Fd(open_at(parent, name));
  struct stat info {};
  if (!result.fd || !stat_searchable(result.fd.get(), info)) {
    result.error = errno;
    if (!result.fd && result.error == ENOENT) result.outcome = Outcome::gone;
    if (!result.fd && (result.error == ELOOP || result.error == ENOTDIR)) result.outcome = Outcome::changed;
    return result;
  }
  result.id = file_id(info);
  result.outcome = result.id == expected ? Outcome::opened : second_look(parent, name, result.id);
  return result;
}

Fd open_same_directory(int at, const char* name, const FileId& expected) noexcept {
  Fd fd(open_at(at, name));
  struct stat info {};
  if (fd && fstat(fd.get(), &info) == 0 && file_id(info) == expected) return fd;
  return Fd();
}

}  // namespace outhaul
