#include "support/xattrs.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace outhaul::test {
namespace fs = std::filesystem;
namespace {

fs::path make_in(const fs::path& parent) {
  std::string name = (parent / "outhaul-xattr-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr || chmod(name.c_str(), 0755) != 0) return {};
  return name;
}

bool takes(const fs::path& path, const std::string& name, const std::string& value) {
  return lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0;
}

void append(std::string& bytes, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
}

}  // namespace

AttributeDir::AttributeDir() {
  for (const fs::path& parent : {fs::temp_directory_path(), fs::current_path()}) {
    const fs::path made = make_in(parent);
    if (made.empty()) continue;
    if (!path_.empty()) remove_tree(path_);
    path_ = made;
    if (takes(path_, "user.outhaul", "1")) {
      ::removexattr(path_.c_str(), "user.outhaul");
      return;
    }
  }
  if (path_.empty()) throw std::runtime_error("no temporary folder");
}

AttributeDir::~AttributeDir() {
  remove_tree(path_);
}

bool AttributeDir::holds(const std::string& name, const std::string& value, bool on_directory) const {
  const fs::path probe = path_ / "outhaul-probe";
  if (on_directory)
    fs::create_directory(probe);
  else
    write_file(probe, "");
  const bool held = takes(probe, name, value);
  fs::remove(probe);
  return held;
}

std::string xattr_of(const fs::path& path, const std::string& name) {
  std::array<char, 4096> value;
  const ssize_t size = lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
  return size < 0 ? "(none)" : std::string(value.data(), static_cast<std::size_t>(size));
}

void set_xattr(const fs::path& path, const std::string& name, const std::string& value) {
  if (!takes(path, name, value))
    throw std::runtime_error("can't set " + name + " of " + path.string() + ": " + std::strerror(errno));
}

std::string acl_for(std::uint32_t uid) {
  constexpr std::uint32_t kNobodyInParticular = 0xffffffff;
  struct Line {
    std::uint16_t tag, permissions;
    std::uint32_t id;
  };
  // As <linux/posix_acl_xattr.h> has it: version 2, then owner, user, group, mask, others.
  const std::array<Line, 5> lines{{{0x01, 6, kNobodyInParticular},
                                   {0x02, 4, uid},
                                   {0x04, 4, kNobodyInParticular},
                                   {0x10, 4, kNobodyInParticular},
                                   {0x20, 0, kNobodyInParticular}}};
  std::string value;
  append(value, 2, 4);
  for (const Line& line : lines) {
    append(value, line.tag, 2);
    append(value, line.permissions, 2);
    append(value, line.id, 4);
  }
  return value;
}

std::string capability() {
  constexpr std::uint32_t kRevision2 = 0x02000000, kEffective = 1, kNetBindService = 1 << 10;
  std::string value;
  append(value, kRevision2 | kEffective, 4);
  for (const std::uint32_t word : {kNetBindService, 0U, 0U, 0U}) append(value, word, 4);
  return value;
}

AsNobody::AsNobody() : was_root_(geteuid() == 0) {
  constexpr uid_t kNobody = 65534;
  if (was_root_ && seteuid(kNobody) != 0) throw std::runtime_error("can't become nobody");
}

AsNobody::~AsNobody() {
  if (was_root_ && seteuid(0) != 0) std::abort();
}

}  // namespace outhaul::test
