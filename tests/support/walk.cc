#include "support/walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>

#include "base/digest.h"
#include "base/xattr.h"
#include "outhaul/entry.h"
#include "outhaul/paths.h"
#include "outhaul/xattrs.h"

namespace outhaul::test {
namespace fs = std::filesystem;
namespace {

using Inode = std::pair<dev_t, ino_t>;

std::string digest_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return "(unreadable)";
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    hash.update(std::string_view(buffer.data(), static_cast<std::size_t>(in.gcount())));
  return to_hex(hash.finish()).substr(0, 16);
}

std::string attributes_of(const fs::path& path) {
  std::string all;
  read_xattrs({AT_FDCWD, path.c_str()}, is_kept_xattr,
              [&](std::string&& name, int error, std::string&& value) {
                all += fmt::format(" {}={}", printable(name), error == 0 ? printable(value) : "(unreadable)");
              });
  return all;
}

std::string line_for(const fs::path& path, const std::string& name, std::map<Inode, std::string>& names,
                     const WalkOptions& options) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw std::system_error(errno, std::generic_category(), path.string());
  const char kind = S_ISREG(st.st_mode) ? 'f' : S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : '?';
  std::string what = "-", same = "-";
  if (kind == 'f') {
    what = digest_of(path);
    const auto [first, is_new] = names.try_emplace({st.st_dev, st.st_ino}, name);
    if (!is_new) same = first->second;
  }
  if (kind == 'l') what = fs::read_symlink(path).native();
  std::string more = options.xattrs ? attributes_of(path) : std::string();
  if (options.holes && kind == 'f' &&
      has_holes(static_cast<std::uint64_t>(st.st_size), static_cast<std::uint64_t>(st.st_blocks)))
    more += " sparse";
  return fmt::format("{} {:o} {} {} {}.{:09} {} {}{} {}", kind, st.st_mode & 07777, st.st_uid, st.st_gid,
                     st.st_mtim.tv_sec, st.st_mtim.tv_nsec, printable(what), printable(same), more,
                     printable(name));
}

}  // namespace

std::vector<std::string> walk(const fs::path& dir, const WalkOptions& options) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (options.special || entry.is_symlink() || entry.is_regular_file() || entry.is_directory())
      paths.push_back(entry.path().lexically_relative(dir).native());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> lines;
  std::map<Inode, std::string> names;
  if (options.top) lines.push_back(line_for(dir, ".", names, options));
  for (const std::string& path : paths) lines.push_back(line_for(dir / path, path, names, options));
  return lines;
}

std::vector<std::string> walk_differences(const fs::path& expected, const fs::path& found,
                                          const WalkOptions& options) {
  return line_differences(walk(expected, options), walk(found, options));
}

std::vector<std::string> line_differences(std::vector<std::string> a, std::vector<std::string> b) {
  std::vector<std::string> differences, only;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
  for (const std::string& line : only) differences.push_back("- " + line);
  only.clear();
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(only));
  for (const std::string& line : only) differences.push_back("+ " + line);
  return differences;
}

}  // namespace outhaul::test
