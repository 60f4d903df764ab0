// Remote paths as arguments of libcurl's SFTP commands and as URLs. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/paths.h"
#include "outhaul/profile.h"

namespace outhaul {

class SftpPath {
 public:
  /// Takes host, port, base and absolute. Throws Error{usage} when the base holds a control byte.
  explicit SftpPath(const RemoteSettings& settings);

  /// In double quotes, as libcurl reads it back: every path can be said so.
  std::string quoted(const RemotePath& path) const { return quote(full(path)); }
  /// "path/.": means something only where the path is a directory.
  std::string quoted_inside(const RemotePath& path) const;
  /// The base directory and the directories above it, quoted, the topmost first. Empty when the base is the
  /// login directory or the root.
  std::vector<std::string> base_levels() const;

  /// Every byte but unreserved ones and '/' percent-encoded; relative to the login directory by "/~/".
  std::string file_url(const RemotePath& path) const;
  std::string directory_url(const RemotePath& path) const;
  /// The login directory, for what concerns no file.
  std::string origin() const { return origin_ + "~/"; }

 private:
  static std::string quote(std::string_view text);
  std::string full(const RemotePath& path) const;

  std::string origin_;
  std::string base_;
  bool absolute_;
};

}  // namespace outhaul
