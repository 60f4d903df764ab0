#include "plan/source_mount.h"

#include <algorithm>
#include <string_view>

namespace outhaul {
namespace {

std::string_view family(std::string_view type) noexcept {
  if (type == "ext2" || type == "ext3" || type == "ext4") return "ext";
  if (type == "nfs" || type == "nfs4") return "nfs";
  if (type == "cifs" || type == "smb3" || type == "smbfs") return "smb";
  // What mounts a memory stick or a disk from Windows depends on the driver at hand.
  if (type == "ntfs" || type == "ntfs3" || type == "fuseblk" || type == "exfat") return "windows";
  return type;
}

bool has_lasting_id(std::string_view family) noexcept {
  return family == "ext" || family == "btrfs" || family == "zfs";
}

bool lies_above(std::string_view above, std::string_view path) noexcept {
  if (above == "/") return path != "/";
  return path.size() > above.size() && path.starts_with(above) && path[above.size()] == '/';
}

}  // namespace

MountChange mount_change(const SourceMount& before, const SeenMount& now) noexcept {
  const SourceMount& mount = now.mount;
  if (before.point == "/") return MountChange::none;
  const std::string_view kind = family(mount.type);
  const bool same_kind = kind == family(before.type);
  if (same_kind && has_lasting_id(kind) && before.fsid == mount.fsid && mount.fsid != 0)
    return MountChange::none;
  if (mount.point == before.point) {
    const bool other_id = kind == "ext" && before.fsid != 0 && mount.fsid != 0 && before.fsid != mount.fsid;
    return same_kind && !other_id ? MountChange::none : MountChange::other;
  }
  const bool still_mounted = std::ranges::find(now.points, before.point) != now.points.end();
  return lies_above(mount.point, before.point) && !still_mounted ? MountChange::gone : MountChange::none;
}

}  // namespace outhaul
