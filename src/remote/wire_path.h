// Remote paths as command arguments and as URLs. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/paths.h"
#include "outhaul/profile.h"

namespace outhaul {

/// The base directory of a remote, and how paths below it are written.
class WirePath {
 public:
  /// Takes scheme, host, port, base and absolute. Throws Error{usage} when the base could break a command.
  explicit WirePath(const RemoteSettings& settings);

  /// The argument of a raw command: base and path; "." or "/" when both are empty. A leading ' ', '-' or '~'
  /// gets "./": servers eat the space, take the dash for an option of ls, and expand the tilde.
  std::string argument(const RemotePath& path) const;
  /// The base directory and the directories above it as arguments, the topmost first: what makes it, level by
  /// level. Empty when the base is the login directory or the root.
  std::vector<std::string> base_arguments() const;
  /// The URL of a file; every byte but unreserved ones and '/' percent-encoded (RFC 3986 §2.3).
  std::string file_url(const RemotePath& path) const { return origin_ + encode(full(path)); }
  /// The URL of a directory: the same with a final '/'.
  std::string directory_url(const RemotePath& path) const;
  /// Login directory, for commands without a file: "ftp://host/".
  const std::string& origin() const noexcept { return origin_; }

 private:
  std::string full(const RemotePath& path) const;
  static std::string encode(std::string_view path);

  std::string origin_;
  std::string base_;
  bool absolute_;
};

}  // namespace outhaul
