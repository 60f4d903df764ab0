#include "restore/metadata.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/fd.h"
#include "base/nanoseconds.h"
#include "base/xattr.h"
#include "outhaul/paths.h"
#include "outhaul/xattrs.h"

namespace outhaul {
namespace {

constexpr std::uint32_t kModeBits = 07777;
/// What file systems round times to at most (FAT).
constexpr std::int64_t kCoarsestTime = 2;

std::string text_of(int error) {
  return std::generic_category().message(error);
}

bool is_user_xattr(std::string_view name) {
  return name.starts_with("user.");
}

/// What is taken away when the entry doesn't have it. "trusted.*" belongs to whoever manages the machine's
/// file systems.
bool is_dropped(std::string_view name) {
  return is_kept_xattr(name) && !name.starts_with("trusted.");
}

bool has_xattr(const Entry& entry, std::string_view name) {
  return std::any_of(entry.xattrs.begin(), entry.xattrs.end(),
                     [&](const Xattr& attribute) { return attribute.name == name; });
}

/// A set-id bit gives the rights of an owner or group: another one's rights were never meant. On a directory
/// it only says whose its new files are.
std::uint32_t withheld_bits(const Entry& entry, const Ownership& wanted, const struct stat& now) {
  if (entry.kind != EntryKind::file) return 0;
  std::uint32_t bits = 0;
  if (wanted.uid_stands_in || now.st_uid != wanted.uid) bits |= S_ISUID;
  if (wanted.gid_stands_in || now.st_gid != wanted.gid) bits |= S_ISGID;
  return entry.mode & bits;
}

std::vector<Xattr> without_privileged(std::vector<Xattr> attributes) {
  std::erase_if(attributes, [](const Xattr& attribute) { return is_privileged_xattr(attribute.name); });
  return attributes;
}

/// False when they can't be read, or differ.
bool same_xattrs(int fd, const Entry& entry, bool root) {
  bool readable = true;
  std::vector<Xattr> found;
  const int error =
      read_xattrs({fd}, is_kept_xattr, [&](std::string&& name, int failed, std::string&& value) {
        readable = readable && failed == 0;
        found.push_back({std::move(name), std::move(value)});
      });
  if (error == ENOTSUP) return true;  // it can't become more alike here
  if (error != 0 || !readable) return false;
  if (root) return found == entry.xattrs;
  return without_privileged(std::move(found)) == without_privileged(entry.xattrs);
}

}  // namespace

/// One thing's turn: what is known of it, and what is to be said.
struct MetadataWriter::Turn {
  int fd;
  const Entry& entry;
  struct stat now {};
  Ownership wanted{};
  std::vector<std::string> notes{};
  bool needs_root = false;  ///< root could have given it something that was left out
  bool no_xattrs = false;

  bool look() {
    if (fstat(fd, &now) == 0) return true;
    notes.push_back("it could not be examined: " + text_of(errno));
    return false;
  }
  /// Of an O_PATH descriptor, too.
  bool change_owner(bool uid, bool gid) const {
    constexpr auto kAsItIs = static_cast<std::uint32_t>(-1);
    return fchownat(fd, "", uid ? wanted.uid : kAsItIs, gid ? wanted.gid : kAsItIs, AT_EMPTY_PATH) == 0;
  }
  void failed(std::string_view what, int error) {
    notes.push_back(fmt::format("{}: {}", what, text_of(error)));
  }
};

MetadataWriter::MetadataWriter(MetadataPolicy policy)
    : policy_(policy), owners_(policy.numeric_ids), root_(geteuid() == 0) {}

std::vector<std::string> MetadataWriter::apply(int fd, const Entry& entry) {
  Turn turn{fd, entry};
  if (!turn.look()) return std::move(turn.notes);
  give_owner(turn);
  drop_xattrs(turn);
  give_xattrs(turn, true);
  give_mode(turn);
  give_xattrs(turn, false);
  give_time(turn);
  return end(turn);
}

std::vector<std::string> MetadataWriter::apply_to_symlink(int dir_fd, const std::string& name,
                                                          const Entry& entry) {
  const Fd link(openat(dir_fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!link) return {"it could not be opened: " + text_of(errno)};
  Turn turn{link.get(), entry};
  if (!turn.look()) return std::move(turn.notes);
  if (!S_ISLNK(turn.now.st_mode)) return {"it was replaced by something else, which was left as it is"};
  give_owner(turn);
  drop_xattrs(turn);
  give_xattrs(turn, true);
  give_xattrs(turn, false);
  give_time(turn);
  return end(turn);
}

std::vector<std::string> MetadataWriter::end(Turn& turn) {
  if (turn.needs_root) ++losses_.not_root;
  if (turn.no_xattrs) ++losses_.no_xattrs;
  return std::move(turn.notes);
}

void MetadataWriter::give_owner(Turn& turn) {
  const bool says_so = policy_.owner && may_give_away_;
  turn.wanted = says_so ? owners_.of(turn.entry, turn.notes) : owners_.of(turn.entry);
  if (!policy_.owner) return;
  const bool uid = turn.now.st_uid != turn.wanted.uid, gid = turn.now.st_gid != turn.wanted.gid;
  if (!uid && !gid) return;
  if (!may_give_away_ || !turn.change_owner(uid, gid)) {
    if (root_) return turn.failed(fmt::format("owner {}:{}", turn.wanted.uid, turn.wanted.gid), errno);
    may_give_away_ = false;
    // Who isn't root may still give a file to a group of theirs.
    turn.needs_root = uid || !turn.change_owner(false, true);
    if (uid && gid) (void)turn.change_owner(false, true);
  }
  turn.look();
}

void MetadataWriter::give_mode(Turn& turn) {
  const std::uint32_t withheld = withheld_bits(turn.entry, turn.wanted, turn.now);
  if (fchmod(turn.fd, turn.entry.mode & kModeBits & ~withheld) != 0) turn.failed("mode", errno);
  if (withheld == 0) return;
  turn.needs_root = turn.needs_root || !root_;
  if (!root_) return;
  if ((withheld & S_ISUID) != 0)
    turn.notes.emplace_back("set-user-id bit: left out, since its owner is not the one it was meant for");
  if ((withheld & S_ISGID) != 0)
    turn.notes.emplace_back("set-group-id bit: left out, since its group is not the one it was meant for");
}

/// Runs before give_mode(), which then takes back what is added to the mode here: attributes of the user take
/// the permission to write, whatever the descriptor was opened for.
void MetadataWriter::drop_xattrs(Turn& turn) {
  bool any = false;
  std::vector<std::string> names;
  if (has_xattrs({turn.fd}, any) == 0 && any) list_xattrs({turn.fd}, names);
  std::erase_if(names,
                [&](const std::string& name) { return !is_dropped(name) || has_xattr(turn.entry, name); });
  const bool writes = std::any_of(names.begin(), names.end(), is_user_xattr) ||
                      std::any_of(turn.entry.xattrs.begin(), turn.entry.xattrs.end(),
                                  [](const Xattr& attribute) { return is_user_xattr(attribute.name); });
  if (writes && !root_ && (turn.now.st_mode & S_IWUSR) == 0)
    (void)fchmod(turn.fd, (turn.now.st_mode & kModeBits) | S_IWUSR);  // what it was for fails next, if at all
  for (const std::string& name : names) {
    const int error = remove_xattr({turn.fd}, name);
    if (error == 0 || error == ENODATA) continue;
    if (!root_ && is_privileged_xattr(name))
      turn.needs_root = true;
    else
      turn.failed(fmt::format("attribute {}, which it should not have", printable(name)), error);
  }
}

void MetadataWriter::give_xattrs(Turn& turn, bool of_user) {
  for (const Xattr& attribute : turn.entry.xattrs) {
    if (is_user_xattr(attribute.name) != of_user) continue;
    const int error = write_xattr({turn.fd}, attribute.name, attribute.value);
    if (error == 0) continue;
    if (error == ENOTSUP) {
      turn.no_xattrs = true;
      if (without_xattrs_.insert(turn.now.st_dev).second)
        turn.notes.push_back(
            fmt::format("attribute {}: this file system can't hold such attributes, so they are "
                        "left out of everything restored on it",
                        printable(attribute.name)));
    } else if (!root_ && is_privileged_xattr(attribute.name)) {
      turn.needs_root = true;
    } else {
      turn.failed("attribute " + printable(attribute.name), error);
    }
  }
}

void MetadataWriter::give_time(Turn& turn) {
  const timespec wanted = timespec_of(turn.entry.mtime_ns);
  const timespec times[2] = {{0, UTIME_OMIT}, wanted};
  int result = utimensat(turn.fd, "", times, AT_EMPTY_PATH);
  if (result != 0 && errno == EINVAL)  // before Linux 5.8
    result = utimensat(AT_FDCWD, fmt::format("/proc/self/fd/{}", turn.fd).c_str(), times, 0);
  if (result != 0) return turn.failed("modification time", errno);
  if (!turn.look()) return;
  const std::int64_t off = clamped_difference<std::int64_t>(turn.now.st_mtim.tv_sec, wanted.tv_sec);
  if (off < -kCoarsestTime || off > kCoarsestTime)
    turn.notes.emplace_back("modification time: this file system can't hold one so long before or after ours");
}

bool MetadataWriter::matches(int fd, const Entry& entry) {
  struct stat now {};
  if (fstat(fd, &now) != 0) return false;
  if (ns_of(now.st_mtim) != entry.mtime_ns) return false;
  const Ownership wanted = owners_.of(entry);
  if (policy_.owner && root_ && (now.st_uid != wanted.uid || now.st_gid != wanted.gid)) return false;
  if ((now.st_mode & kModeBits) != (entry.mode & kModeBits & ~withheld_bits(entry, wanted, now)))
    return false;
  return same_xattrs(fd, entry, root_);
}

}  // namespace outhaul
