// Which file system a directory lies on, as Linux tells it in /proc/self/mountinfo (proc(5)).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

struct Mount {
  int id = 0;
  int parent = 0;
  std::string device;  ///< "254:0"; a number of this boot
  std::string root;    ///< which directory of the file system is mounted
  std::string point;   ///< where, as this process sees it
  std::string type;    ///< "ext4"
};

/// The table, in its order; octal escapes are resolved. Lines that aren't understood are left out. Pure.
std::vector<Mount> parse_mountinfo(std::string_view text);
/// "mnt_id:" in the text of a /proc/self/fdinfo file. Pure.
std::optional<int> mount_id_in(std::string_view fdinfo);

/// The mount with this id; but where it only shows what would be there without it (a service manager mounts
/// directories onto themselves to make them read-only), the one behind it. Null when the table hasn't got it.
/// Pure.
const Mount* real_mount(const std::vector<Mount>& table, int id);

/// Whether a file system of another device than `device` is mounted right at `path`, which is absolute. Pure.
bool is_foreign_mount_point(const std::vector<Mount>& table, std::string_view path, std::string_view device);
/// The same by the kernel's table, for something below the open directory `directory`, which lies on the
/// device `device` (st_dev). It needs no answer from what is mounted there. False where the kernel doesn't
/// tell.
bool is_foreign_mount_point(int directory, std::string_view below, std::uint64_t device);

struct LiesOn {
  Mount mount;                      ///< real_mount() of the directory
  std::uint64_t fsid = 0;           ///< statvfs(3)'s f_fsid; only some file systems' outlives a reboot
  std::vector<std::string> points;  ///< where something is mounted
};

/// Opens the directory, so that it is mounted by then if it is mounted on demand. Empty when it can't be
/// opened or the kernel doesn't tell: no /proc, not Linux, a chroot.
std::optional<LiesOn> lies_on(const std::filesystem::path& directory);

}  // namespace outhaul
