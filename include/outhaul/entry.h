// One thing in the source, as the scan saw it or as the state remembers it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "outhaul/paths.h"

namespace outhaul {

enum class EntryKind : std::uint8_t { file = 1, directory = 2, symlink = 3 };

/// Rowid of an object in the state; 0 is "none".
enum class ObjectId : std::int64_t {};
inline constexpr ObjectId kNoObject{0};

/// An extended attribute as the kernel gives it; POSIX ACLs are among them ("system.posix_acl_access").
struct Xattr {
  std::string name;
  std::string value;  ///< raw bytes
  friend bool operator==(const Xattr&, const Xattr&) = default;
};

/// Times are nanoseconds since the epoch; sizes are bytes (0 for directories and symlinks); mode is st_mode &
/// 07777.
struct Entry {
  RelPath path;
  EntryKind kind = EntryKind::file;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t dev = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user, group;      ///< the names of uid and gid on the source's machine; empty: it has none
  std::uint32_t links = 1;      ///< files: more than one means that equal (dev, inode) are hard links; else 1
  bool sparse = false;          ///< files: see has_holes()
  std::vector<Xattr> xattrs;    ///< in byte order of their names
  std::string link_target;      ///< raw bytes; symlinks only
  ObjectId object = kNoObject;  ///< the object that holds the content; only in stored entries of files
  friend bool operator==(const Entry&, const Entry&) = default;
};

/// Whether a file of `size` bytes takes so few blocks of 512 bytes that a page or more of it is a hole. A
/// file system that compresses makes others look so too: harmless, since only zeros ever become holes again.
/// Asking further (SEEK_HOLE) would take opening the file.
constexpr bool has_holes(std::uint64_t size, std::uint64_t blocks) noexcept {
  constexpr std::uint64_t kBlock = 512, kPage = 4096;
  return blocks < size / kBlock && size - blocks * kBlock >= kPage;
}

/// st_nlink as an entry holds it: at least 1, even of a file that is being removed.
constexpr std::uint32_t links_of(std::uint64_t st_nlink) noexcept {
  constexpr std::uint64_t kMost = 0xFFFF'FFFF;
  return static_cast<std::uint32_t>(st_nlink == 0 ? 1 : st_nlink < kMost ? st_nlink : kMost);
}

/// What a part is bound to: if any of these changed, the part is of another file.
struct Fingerprint {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};
inline Fingerprint fingerprint_of(const Entry& e) {
  return {e.inode, e.size, e.mtime_ns, e.ctime_ns};
}

/// Something that the scan could not see or will not store.
struct ScanProblem {
  enum class Kind : std::uint8_t {
    unreadable_directory,  ///< nothing is known of what is below: doubt for the whole subtree
    unreadable_entry,      ///< one path could not be examined: doubt for it and what is below it
    special,               ///< socket, fifo, device: not stored, no doubt
    other_file_system,     ///< one_file_system left it out: doubt for what is below it when the state holds
                           ///< something
    unreadable_xattr,      ///< an extended attribute of an entry that is stored without it: no doubt
  };
  RelPath path;
  Kind kind = Kind::unreadable_entry;
  std::string message;  ///< "Permission denied", "is a socket", …
};

using ScanItem = std::variant<Entry, ScanProblem>;

/// A pull stream of the scan. Entries come in plain byte order of their paths ("a", "a-b", "a/x": a
/// directory's entry comes before, its content at the place of "name/"). A problem comes before every entry
/// that it casts doubt on.
class ScanStream {
 public:
  virtual ~ScanStream() = default;
  /// The next item, moved into `item` (its buffers are reused); false at the end. Throws Error{source} when
  /// the source itself can't be read.
  virtual bool next(ScanItem& item) = 0;
  /// Gives an entry of next() the attributes that the scan was told to leave out there; nothing to do when it
  /// wasn't. What can't be read is a problem that casts no doubt. An entry that has become another thing
  /// meanwhile gets none: its inode or ctime tell the next scan.
  virtual void complete(Entry&, const std::function<void(ScanProblem&&)>&) {}
};

/// A pull stream of stored entries in the same order.
class EntryStream {
 public:
  virtual ~EntryStream() = default;
  virtual bool next(Entry& entry) = 0;
};

}  // namespace outhaul
