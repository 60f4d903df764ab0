#include "scan/late_attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace outhaul {
namespace {

/// Needs neither the right to read what it opens, nor does opening do anything to it.
constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;

bool is_gone(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

}  // namespace

bool LateAttributes::possible() noexcept {
  return access("/proc/self/fd", X_OK) == 0;
}

/// 0, or an errno: then nothing is open.
int LateAttributes::open_parent(const std::string& parent) {
  if (parent == parent_ && (parent_fd_ || parent.empty())) return 0;
  parent_ = parent;
  parent_fd_.reset();
  Fd dir;
  for (std::size_t at = 0; at < parent.size();) {
    const std::size_t end = std::min(parent.find('/', at), parent.size());
    dir = Fd(openat(dir ? dir.get() : source_, parent.substr(at, end - at).c_str(), kLook | O_DIRECTORY));
    if (!dir) return errno;
    at = end + 1;
  }
  parent_fd_ = std::move(dir);
  return 0;
}

void LateAttributes::read(Entry& entry, const std::function<void(std::string&&)>& fault) {
  entry.xattrs.clear();
  if (bare_.has(entry.dev)) return;
  const std::string& path = entry.path.bytes();
  const std::size_t slash = path.rfind('/');
  int error = open_parent(slash == std::string::npos ? std::string() : path.substr(0, slash));
  Fd thing;
  if (error == 0) {
    const char* name = path.c_str() + (slash == std::string::npos ? 0 : slash + 1);
    thing = Fd(openat(parent_fd_ ? parent_fd_.get() : source_, name, kLook));
    if (!thing) error = errno;
  }
  struct stat info {};
  if (thing && fstat(thing.get(), &info) != 0) error = errno;
  if (is_gone(error)) return;
  if (error == 0 && (info.st_ino != entry.inode || info.st_dev != entry.dev)) return;
  if (error == 0) error = ask_attributes({thing.get()}, entry.xattrs, fault);
  if (error != 0 && !bare_.learn(entry.dev, error)) fault(cannot_list(error));
}

}  // namespace outhaul
