// Whether a source lies on another file system than before. Pure.
#pragma once

#include "outhaul/guard.h"

namespace outhaul {

enum class MountChange : std::uint8_t {
  none,
  gone,   ///< nothing is mounted any more where it was: what is seen now lies on the file system above
  other,  ///< the same place, but another file system is mounted there
};

/// Silent whenever there is an innocent explanation: a source that lay on the root file system before, one
/// whose own directory or one above became a mount point since (a new disk), a mount point that is still
/// there (a symlink was changed), the same file system in another place. Device names and numbers don't
/// count, because they change with each boot; f_fsid counts where it comes from the file system's UUID and
/// not from the device (ext, btrfs, zfs), and tells different file systems apart only on ext: each snapshot
/// of the others has one of its own. Names of types that mean the same are one (ext3 and ext4, nfs and nfs4,
/// ntfs3 and fuseblk).
MountChange mount_change(const SourceMount& before, const SeenMount& now) noexcept;

}  // namespace outhaul
