// The names in one directory, in the order of the scan.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outhaul {

class CancelToken;

/// What tells one inode from another.
struct FileId {
  std::uint64_t dev = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

/// A directory's items sorted by bytes, where each subdirectory stands twice: as an entry at "name" and as
/// content at "name/". Names share one arena and an item takes 16 bytes, so that a directory of a million
/// files stays affordable.
class DirectoryNames {
 public:
  enum class Role : std::uint8_t { entry, content };
  struct Item {
    std::uint64_t prefix;  ///< the first bytes of the key, so that most comparisons touch only the item
    std::uint32_t offset;  ///< of the name in the arena
    std::uint16_t length;  ///< of the name
    std::uint8_t type;     ///< d_type: what the directory says; DT_UNKNOWN where the file system doesn't
    Role role;
  };
  /// What the entry of a subdirectory learned for its content, which comes later.
  struct Subdirectory {
    FileId id;
    bool descend = false;
  };

  /// Adds what a directory says: a name that ends with NUL, and its d_type.
  void add(const char* name, std::uint8_t type);
  /// To be called behind the last add() and before the first next().
  void sort();
  /// Reads the open directory `fd` from its position to the end, then sorts. 0, or the errno of a failed
  /// read; then, and when cancelled (ECANCELED), the listing is empty.
  int read(int fd, std::span<std::byte> buffer, const CancelToken& cancel);
  /// Whether one of them is called so. After sort().
  bool holds(std::string_view name) const noexcept;
  /// Forgets all others, and what is in directories of these names. Behind sort(), before the first next().
  void keep_only(const std::vector<std::string>& names);
  /// The next item, or nullptr at the end. A name that the file system gave twice because the directory
  /// changed while it was read comes once.
  const Item* next() noexcept;
  /// Ends with a NUL byte.
  const char* name(const Item& item) const noexcept { return arena_.data() + item.offset; }
  /// nullptr when the directory said that this is no directory.
  Subdirectory* subdirectory(const Item& item) noexcept;
  /// Forgets everything; gives back the memory of an unusually large directory.
  void clear() noexcept;

 private:
  void add_item(std::size_t offset, std::size_t length, std::uint8_t type, Role role);
  int read_names(int fd, std::span<std::byte> buffer, const CancelToken& cancel);
  std::string_view key(const Item& item) const noexcept;
  bool repeats(const Item& item) const noexcept;

  /// Each name is followed by one byte: '/' for what may be a directory until it is sorted, NUL afterwards; a
  /// possible directory's name is preceded by its index in subdirectories_.
  std::vector<char> arena_;
  std::vector<Item> items_;
  std::vector<Subdirectory> subdirectories_;
  std::size_t next_ = 0;
  const Item* last_entry_ = nullptr;
};

}  // namespace outhaul
