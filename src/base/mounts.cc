#include "base/mounts.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/fd.h"

namespace outhaul {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

/// The kernel writes space, tab, newline and backslash as "\040".
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
                        is_octal(text[i + 2]) && is_octal(text[i + 3]);
    if (!escape) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

/// "36 35 98:0 /root /point rw,noatime master:1 … - ext3 /dev/root rw"
std::optional<Mount> parse_line(std::string_view line) {
  Mount mount;
  const auto id = number(next_word(line)), parent = number(next_word(line));
  if (!id || !parent) return std::nullopt;
  mount.id = *id;
  mount.parent = *parent;
  mount.device = next_word(line);
  mount.root = unescaped(next_word(line));
  mount.point = unescaped(next_word(line));
  const std::size_t dash = line.find(" - ");
  if (!mount.point.starts_with('/') || dash == std::string_view::npos) return std::nullopt;
  line.remove_prefix(dash + 3);
  mount.type = unescaped(next_word(line));
  return mount;
}

const Mount* find(const std::vector<Mount>& table, int id) {
  const auto at = std::find_if(table.begin(), table.end(), [&](const Mount& one) { return one.id == id; });
  return at == table.end() ? nullptr : &*at;
}

/// What `parent` has at `point`, as a directory of its file system; empty when `point` isn't below it.
std::string behind(const Mount& parent, std::string_view point) {
  const std::string above = parent.point == "/" ? "" : parent.point;
  if (!point.starts_with(above) || point.substr(above.size()).substr(0, 1) != "/") return {};
  return (parent.root == "/" ? "" : parent.root) + std::string(point.substr(above.size()));
}

std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in && !in.eof()) return std::nullopt;
  return text;
}

Fd open_directory(const std::filesystem::path& directory) {
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) fd = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return fd;
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> table;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto mount = parse_line(line)) table.push_back(std::move(*mount));
  }
  return table;
}

std::optional<int> mount_id_in(std::string_view fdinfo) {
  constexpr std::string_view kKey = "mnt_id:";
  const std::size_t at = fdinfo.find(kKey);
  if (at == std::string_view::npos || (at > 0 && fdinfo[at - 1] != '\n')) return std::nullopt;
  std::string_view value = fdinfo.substr(at + kKey.size());
  value = value.substr(0, value.find('\n'));
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return number(value);
}

const Mount* real_mount(const std::vector<Mount>& table, int id) {
  const Mount* mount = find(table, id);
  // No chain is longer than the table: a table that was read while it changed may hold a circle.
  for (std::size_t steps = table.size(); mount != nullptr && steps > 0; --steps) {
    const Mount* parent = mount->parent == mount->id ? nullptr : find(table, mount->parent);
    if (parent == nullptr || parent->device != mount->device || behind(*parent, mount->point) != mount->root)
      break;
    mount = parent;
  }
  return mount;
}

bool is_foreign_mount_point(const std::vector<Mount>& table, std::string_view path, std::string_view device) {
  // The last one lies on top of those that were mounted there before.
  const auto top =
      std::find_if(table.rbegin(), table.rend(), [&](const Mount& m) { return m.point == path; });
  return top != table.rend() && top->device != device;
}

bool is_foreign_mount_point(int directory, std::string_view below, std::uint64_t device) {
  std::error_code fault;
  const std::string above =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(directory), fault).native();
  const auto text = fault ? std::nullopt : text_of("/proc/thread-self/mountinfo");
  if (!text) return false;
  const std::string path = (above == "/" ? above : above + '/') + std::string(below);
  const std::string number = std::to_string(major(device)) + ':' + std::to_string(minor(device));
  return is_foreign_mount_point(parse_mountinfo(*text), path, number);
}

std::optional<LiesOn> lies_on(const std::filesystem::path& directory) {
  const Fd fd = open_directory(directory);
  if (!fd) return std::nullopt;
  const auto info = text_of("/proc/self/fdinfo/" + std::to_string(fd.get()));
  const auto table_text = text_of("/proc/self/mountinfo");
  const auto id = info ? mount_id_in(*info) : std::nullopt;
  if (!id || !table_text) return std::nullopt;
  const std::vector<Mount> table = parse_mountinfo(*table_text);
  const Mount* mount = real_mount(table, *id);
  struct statvfs facts {};
  if (mount == nullptr || ::fstatvfs(fd.get(), &facts) != 0) return std::nullopt;
  LiesOn place{*mount, facts.f_fsid, {}};
  for (const Mount& one : table) place.points.push_back(one.point);
  return place;
}

}  // namespace outhaul
