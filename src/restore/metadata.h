// Mode, owner, group, times and extended attributes of what is restored.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "outhaul/entry.h"
#include "restore/ownership.h"

namespace outhaul {

struct MetadataPolicy {
  bool owner = true;         ///< set owner and group: pointless unless root
  bool numeric_ids = false;  ///< uid and gid as stored, whatever the names are here
};

/// What apply() doesn't say each time, for one note at the end. Counts restored things, not attributes.
struct MetadataLosses {
  /// Kept another owner, group or set-id bit, or lack an attribute, only because that takes root.
  std::uint64_t not_root = 0;
  /// Lack attributes because their file system has none. Said for the first of each file system.
  std::uint64_t no_xattrs = 0;
};

/// Gives restored things what FTP could not store. Not for content: that must be complete before, since each
/// write moves the modification time. A directory's turn comes after everything below it, for the same
/// reason. One thread at a time.
///
/// In this order: owner and group (a change clears set-id bits and capabilities), attributes of the user,
/// mode, ACLs and other attributes, modification time. Set-id bits of a file are left out when its owner or
/// group isn't the one that they were meant for. "user.*" attributes, ACLs and capabilities that the entry
/// doesn't have are taken from what stood there before, so that no inherited ACL opens a file. The ids within
/// an ACL are numbers, and are set as they were stored.
class MetadataWriter {
 public:
  explicit MetadataWriter(MetadataPolicy policy);

  /// An open file or directory, of any access mode but O_PATH. What could not be set, as sentences for an
  /// operator ("owner alice: no such user here; uid 1000 was used", once per name); empty: all of it was, but
  /// for what losses() counts. Everything that can be set is, whatever fails before it.
  std::vector<std::string> apply(int fd, const Entry& entry);

  /// A symlink, which can't be opened for reading: `name` in `dir_fd`. What isn't a symlink is left alone.
  std::vector<std::string> apply_to_symlink(int dir_fd, const std::string& name, const Entry& entry);

  /// Whether what stands there already is as apply() would leave it (mode, owner, mtime in ns, xattrs), so
  /// that nothing need be done. False when that can't be seen.
  bool matches(int fd, const Entry& entry);

  const MetadataLosses& losses() const noexcept { return losses_; }

 private:
  struct Turn;

  void give_owner(Turn& turn);
  void give_mode(Turn& turn);
  void give_xattrs(Turn& turn, bool of_user);
  void drop_xattrs(Turn& turn);
  void give_time(Turn& turn);
  std::vector<std::string> end(Turn& turn);

  MetadataPolicy policy_;
  OwnershipResolver owners_;
  bool root_;
  bool may_give_away_ = true;                         ///< until the kernel refused a change of owner
  std::unordered_set<std::uint64_t> without_xattrs_;  ///< devices that refused one
  MetadataLosses losses_;
};

}  // namespace outhaul
