// Names are bytes. A RelPath names an entry below a source; a RemotePath names something below the remote's
// base directory and is the only thing that commands are built from.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace outhaul {

/// A path relative to a job's source, in the file system's raw bytes, without leading or trailing '/',
/// without empty,
/// "." or ".." segments and without NUL. The empty path is the source itself. Ordered by plain byte
/// comparison: that is the order of the scan and of the state (see EntryStream).
class RelPath {
 public:
  RelPath() = default;
  /// Throws Error{usage} that says which rule was broken.
  static RelPath parse(std::string_view bytes);
  /// For bytes that are known to obey the rules: what a directory listing of the kernel or our own state
  /// gave.
  static RelPath trusted(std::string bytes) { return RelPath(std::move(bytes)); }
  /// The same into this path, whose buffer is used again: for streams of a million of them.
  void assign_trusted(std::string_view bytes) { bytes_.assign(bytes); }

  const std::string& bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return bytes_.empty(); }
  /// This path with one more segment. `name` must be one valid segment.
  RelPath child(std::string_view name) const;
  /// Everything before the last '/'; empty at the top.
  std::string_view parent() const noexcept;
  std::string_view name() const noexcept;
  /// True when `dir` is this path or one of its ancestors; the empty path is everybody's ancestor.
  bool is_at_or_below(const RelPath& dir) const noexcept;

  friend bool operator==(const RelPath&, const RelPath&) = default;
  friend std::strong_ordering operator<=>(const RelPath& a, const RelPath& b) noexcept {
    return a.bytes_.compare(b.bytes_) <=> 0;
  }

 private:
  explicit RelPath(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

/// A path on the remote relative to the profile's base directory. Holds no byte below 0x20, no 0x7F, no 0xFF,
/// no backslash, no empty, "." or ".." segment, no leading '/': whatever is built from it can't smuggle a
/// second FTP command (RFC 959 §5.3; pains 16, 21). The empty path is the base directory itself.
class RemotePath {
 public:
  RemotePath() = default;
  /// Wire form, already escaped. Throws Error{usage} when a rule is broken.
  static RemotePath parse(std::string_view wire);

  const std::string& wire() const noexcept { return wire_; }
  bool empty() const noexcept { return wire_.empty(); }
  /// This path, then `below`. Either may be empty.
  RemotePath operator/(const RemotePath& below) const;
  RemotePath parent() const;
  std::string_view name() const noexcept;
  bool is_at_or_below(const RemotePath& dir) const noexcept;

  friend bool operator==(const RemotePath&, const RemotePath&) = default;
  friend auto operator<=>(const RemotePath&, const RemotePath&) = default;

 private:
  explicit RemotePath(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

/// Bytes as a person may see them: control bytes, 0x7F and bytes that are not UTF-8 become \xNN; everything
/// that is printed, logged or put into a message goes through here.
std::string printable(std::string_view bytes);

}  // namespace outhaul
