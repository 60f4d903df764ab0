// How an entry's true name becomes a remote name, and back. Pure.
#pragma once

#include <string>
#include <string_view>

#include "outhaul/odd_names.h"
#include "outhaul/paths.h"

namespace outhaul {

/// The directory on the remote that is ours: parts, versions, later the catalog. An entry of that name at
/// the top of the remote is escaped.
inline constexpr std::string_view kControlDir = ".outhaul";
/// Where parts live, below the base directory.
inline constexpr std::string_view kPartsDir = ".outhaul/parts";
/// Where versions live: one directory per run, and in it what that run took out of the trees.
inline constexpr std::string_view kVersionsDir = ".outhaul/versions";

/// The longest remote name of one segment, in bytes; what ext4, XFS, NTFS and ZFS hold.
inline constexpr std::size_t kMaxRemoteName = 255;
/// The longest remote path below the base directory, in bytes. Servers read command lines of at most PATH_MAX
/// (4096 on Linux), which the verb, the base directory and the server's own home share. Beyond it vsftpd says
/// 500, Pure-FTPd closes the connection (421) and ProFTPD never answers, so nothing longer may be sent.
inline constexpr std::size_t kMaxRemotePath = 3900;

/// What an upload's file is called until it is whole.
inline constexpr std::string_view kPartSuffix = ".part";

/// What outhaul's own things are called on this server. Everywhere else they are ".outhaul" and ".part":
/// remote/own_names.h translates.
struct OwnNames {
  std::string dir{kControlDir};          ///< one segment
  std::string part_suffix{kPartSuffix};  ///< begins with '.', '-' or '_'
  bool standard() const { return *this == OwnNames{}; }
  friend bool operator==(const OwnNames&, const OwnNames&) = default;
};

/// What a remote's file system can hold beyond what FTP can't say.
struct NameRules {
  bool windows = false;  ///< also escape <>:"|?*, trailing dots and device names
  /// The server's character set, as iconv names it; empty: names go over as the bytes they are.
  std::string encoding;
  /// What this server doesn't keep: escaped, too. Found out by a run, not set by the profile
  /// (docs/architecture.md, "Names on the remote").
  OddNames escaped{};
  OwnNames own{};
  friend bool operator==(const NameRules&, const NameRules&) = default;
};

/// Percent-escapes only what FTP or common servers can't hold: bytes < 0x20, 0x7F, 0xFF, backslash, '*'
/// (ProFTPD makes no directory with it: "Invalid directory name"), a trailing space; and a '%' that two
/// upper-case hex digits follow, so that a literal "%0A" and an escaped newline never collide. With
/// `rules.windows` also <>:"|?, a trailing dot, and the first letter of a device's name (CON, "nul.txt").
/// With `rules.encoding` what is valid UTF-8 is converted; bytes that aren't, and characters that the set
/// can't hold, are escaped byte by byte. With `rules.escaped` also '"', a leading space, and bytes that are
/// no UTF-8 (with an encoding: every character beyond ASCII). The mapping is injective:
/// unescape_name(escape_name(n, r), r) == n for every n. (docs/architecture.md, "Names on the remote")
std::string escape_name(std::string_view name, const NameRules& rules = {});
std::string unescape_name(std::string_view wire, const NameRules& rules = {});

/// Whether a name at the top of the remote would be taken for what is outhaul's own: ".outhaul", or as the
/// server calls it. Servers on Windows take it in any case.
bool is_control_dir(std::string_view segment, const NameRules& rules);

/// The remote path of `path` in a job whose target is `target`: every segment escaped; a top-level ".outhaul"
/// becomes "%2Eouthaul", as does the name that the server has for it ("%5Fouthaul"). The result may hold segments longer than kMaxRemoteName: see too_long().
RemotePath remote_path_for(const RemotePath& target, const RelPath& path, const NameRules& rules);

/// The whole of `path` when it is longer than kMaxRemotePath, else its first segment that is longer than
/// kMaxRemoteName, or empty.
std::string_view too_long(const RemotePath& path) noexcept;

}  // namespace outhaul
