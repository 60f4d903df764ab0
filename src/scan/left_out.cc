#include "scan/left_out.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "filter/leave_out.h"

namespace outhaul {
namespace {

bool holds(int fd, std::string_view name) {
  struct stat info {};
  return fstatat(fd, std::string(name).c_str(), &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
}

std::string in_words(std::string_view path) {
  return path.empty() ? std::string("the source") : fmt::format("its directory \"{}\"", printable(path));
}

/// Of the directory `dir`, that holds `name`, which the path is or leads through.
std::string marked(int fd, std::string_view dir, std::string_view name, bool is_path, const LeaveOut& rules) {
  const std::vector<std::string> marks = marks_of(
      rules, [&](std::string_view mark) { return holds(fd, mark); }, [&] { return has_cache_tag(fd); });
  if (marks.empty()) return {};
  const bool is_mark = is_path && std::ranges::find(marks, name) != marks.end();
  if (is_mark && rules.keep_tags) return {};
  const bool by_name = std::ranges::find(rules.if_present, marks.front()) != rules.if_present.end();
  return fmt::format("{} holds \"{}\" (\"{}\")", in_words(dir), printable(marks.front()),
                     by_name ? "exclude_if_present" : "exclude_caches");
}

/// Of the entry itself.
std::string flagged(int fd, const std::string& name, const std::string& what, const LeaveOut& rules) {
  struct stat info {};
  if (rules.nodump && has_nodump(fd, name.c_str())) return what + " has the flag \"nodump\"";
  if (fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) return {};
  const auto size = static_cast<std::uint64_t>(info.st_size);
  return is_too_large(rules, size)
             ? fmt::format("it has {} bytes (\"exclude_larger_than\" is {})", size, *rules.larger_than)
             : std::string{};
}

}  // namespace

bool has_cache_tag(int fd) noexcept {
  const Fd tag(openat(fd, kCacheTag.data(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!tag || fstat(tag.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  std::array<char, kCacheSignature.size()> begin{};
  std::size_t got = 0;
  while (got < begin.size()) {
    const ssize_t more = read(tag.get(), begin.data() + got, begin.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return false;
    got += static_cast<std::size_t>(more);
  }
  return std::string_view(begin.data(), begin.size()) == kCacheSignature;
}

bool has_nodump(int fd, const char* name) noexcept {
  struct statx info {};
  return statx(fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, 0, &info) == 0 &&
         (info.stx_attributes & STATX_ATTR_NODUMP) != 0;
}

std::string left_out_because(const std::filesystem::path& source, const RelPath& path,
                             const LeaveOut& rules) {
  constexpr int kDir = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const std::string& bytes = path.bytes();
  Fd at(open(source.c_str(), kDir));
  for (std::size_t begin = 0; at && begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('/', begin), bytes.size());
    const std::string name = bytes.substr(begin, end - begin);
    const bool last = end == bytes.size();
    const std::string_view dir = std::string_view(bytes).substr(0, begin == 0 ? 0 : begin - 1);
    if (std::string why = marked(at.get(), dir, name, last, rules); !why.empty()) return why;
    const std::string what = last ? "it" : in_words(bytes.substr(0, end));
    if (std::string why = flagged(at.get(), name, what, rules); !why.empty()) return why;
    at = last ? Fd() : Fd(openat(at.get(), name.c_str(), kDir | O_NOFOLLOW));
    begin = end + 1;
  }
  return {};
}

}  // namespace outhaul
