#include "base/xattr.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

namespace outhaul {
namespace {

/// "/proc/self/fd/N/NAME". The last segment is what the l-calls don't follow; the one before is a descriptor
/// of ours. Linux has no xattr calls that take a directory's descriptor before 6.13.
class ProcPath {
 public:
  explicit ProcPath(const XattrPlace& place) {
    constexpr std::string_view kFolder = "/proc/self/fd/";
    const std::size_t length = place.name == nullptr ? 0 : std::strlen(place.name);
    char* at = short_.data();
    if (kFolder.size() + kDigits + 2 + length > short_.size()) {
      long_.resize(kFolder.size() + kDigits + 2 + length);
      at = long_.data();
    }
    path_ = at;
    std::memcpy(at, kFolder.data(), kFolder.size());
    at += kFolder.size();
    at = std::to_chars(at, at + kDigits, place.fd).ptr;
    if (place.name != nullptr) {
      *at++ = '/';
      std::memcpy(at, place.name, length);
      at += length;
    }
    *at = '\0';
  }
  const char* get() const noexcept { return path_; }

 private:
  static constexpr std::size_t kDigits = 12;
  std::array<char, 320> short_;
  std::string long_;
  const char* path_ = nullptr;
};

/// Runs `of_fd` on the descriptor; where it is none for such calls (O_PATH), `of_path` on its name in /proc,
/// which leads to the very thing that is open; `of_name` on a name in a directory.
template <typename OfFd, typename OfPath, typename OfName>
ssize_t call(const XattrPlace& place, OfFd of_fd, OfPath of_path, OfName of_name) {
  if (place.name != nullptr)
    return place.fd == AT_FDCWD ? of_name(place.name) : of_name(ProcPath(place).get());
  const ssize_t result = of_fd(place.fd);
  if (result >= 0 || errno != EBADF) return result;
  return of_path(ProcPath(place).get());
}

ssize_t list(const XattrPlace& place, char* into, std::size_t room) {
  return call(
      place, [&](int fd) { return ::flistxattr(fd, into, room); },
      [&](const char* path) { return ::listxattr(path, into, room); },
      [&](const char* path) { return ::llistxattr(path, into, room); });
}

ssize_t get(const XattrPlace& place, const char* name, char* into, std::size_t room) {
  return call(
      place, [&](int fd) { return ::fgetxattr(fd, name, into, room); },
      [&](const char* path) { return ::getxattr(path, name, into, room); },
      [&](const char* path) { return ::lgetxattr(path, name, into, room); });
}

constexpr std::size_t kFirstValue = 256;
/// The kernel's own limit of a value and of a list of names (XATTR_SIZE_MAX, XATTR_LIST_MAX).
constexpr std::size_t kMostValue = 64 * 1024;

/// What `read(buffer, room)` gives in full, whatever its size turns out to be.
template <typename Read>
int in_full(Read read, std::string& bytes) {
  for (std::size_t room = kFirstValue;; room *= 2) {
    bytes.resize(room);
    const ssize_t got = read(bytes.data(), room);
    if (got >= 0) {
      bytes.resize(static_cast<std::size_t>(got));
      return 0;
    }
    if (errno == ERANGE && room < kMostValue) continue;
    const int error = errno;
    bytes.clear();
    return error;
  }
}

}  // namespace

int has_xattrs(const XattrPlace& place, bool& any) {
  const ssize_t size = list(place, nullptr, 0);
  any = size > 0;
  return size >= 0 ? 0 : errno;
}

int list_xattrs(const XattrPlace& place, std::vector<std::string>& names) {
  names.clear();
  std::string all;
  const int error = in_full([&](char* into, std::size_t room) { return list(place, into, room); }, all);
  if (error != 0) return error;
  for (std::size_t start = 0, end = 0; start < all.size(); start = end + 1) {
    end = all.find('\0', start);
    if (end == std::string::npos) end = all.size();
    if (end > start) names.push_back(all.substr(start, end - start));
  }
  return 0;
}

int read_xattrs(const XattrPlace& place, bool (*wanted)(std::string_view) noexcept, const XattrSink& sink) {
  std::vector<std::string> names;
  if (const int error = list_xattrs(place, names); error != 0) return error;
  std::sort(names.begin(), names.end());
  for (std::string& name : names) {
    if (!wanted(name)) continue;
    std::string value;
    const int error = read_xattr(place, name, value);
    if (error != ENODATA) sink(std::move(name), error, std::move(value));
  }
  return 0;
}

int read_xattr(const XattrPlace& place, const std::string& name, std::string& value) {
  return in_full([&](char* into, std::size_t room) { return get(place, name.c_str(), into, room); }, value);
}

int write_xattr(const XattrPlace& place, const std::string& name, std::string_view value) {
  const ssize_t result = call(
      place, [&](int fd) -> ssize_t { return ::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0); },
      [&](const char* path) -> ssize_t {
        return ::setxattr(path, name.c_str(), value.data(), value.size(), 0);
      },
      [&](const char* path) -> ssize_t {
        return ::lsetxattr(path, name.c_str(), value.data(), value.size(), 0);
      });
  return result == 0 ? 0 : errno;
}

int remove_xattr(const XattrPlace& place, const std::string& name) {
  const ssize_t result = call(
      place, [&](int fd) -> ssize_t { return ::fremovexattr(fd, name.c_str()); },
      [&](const char* path) -> ssize_t { return ::removexattr(path, name.c_str()); },
      [&](const char* path) -> ssize_t { return ::lremovexattr(path, name.c_str()); });
  return result == 0 ? 0 : errno;
}

std::string xattr_sight() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  const bool known = syscall(SYS_capget, &header, sets.data()) == 0;
  const bool admin = known && (sets[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
  return std::to_string(geteuid()) + (admin ? "+" : "");
}

}  // namespace outhaul
