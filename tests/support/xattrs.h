// Extended attributes for tests, and a place that can hold them where there is one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "support/temp_dir.h"

namespace outhaul::test {

/// Removed at the end. On a file system that holds attributes of users, if the working directory or that of
/// temporary files is on one; else (tmpfs) wherever that is.
class AttributeDir {
 public:
  AttributeDir();
  AttributeDir(AttributeDir&&) = delete;
  ~AttributeDir();
  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  /// Whether we may write this attribute to a file, or a directory, here.
  bool holds(const std::string& name, const std::string& value, bool on_directory = false) const;
  bool holds_users() const { return holds("user.outhaul", "1"); }

 private:
  std::filesystem::path path_;
};

/// What a name has, never following a symlink; "(none)" when it doesn't have it.
std::string xattr_of(const std::filesystem::path& path, const std::string& name);
/// Throws std::runtime_error when it can't be written.
void set_xattr(const std::filesystem::path& path, const std::string& name, const std::string& value);

/// A value of "system.posix_acl_access": owner rw, `uid` r, group r, mask r, others nothing (mode 0640).
std::string acl_for(std::uint32_t uid);
/// A value of "security.capability": cap_net_bind_service+ep.
std::string capability();

/// Permissions count as long as it lives: root becomes nobody.
class AsNobody {
 public:
  AsNobody();
  AsNobody(AsNobody&&) = delete;
  ~AsNobody();

 private:
  bool was_root_;
};

}  // namespace outhaul::test
