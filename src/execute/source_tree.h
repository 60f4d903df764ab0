// Opening source files for reading without ever leaving the source.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "base/digest.h"
#include "base/fd.h"
#include "outhaul/entry.h"
#include "outhaul/error.h"
#include "outhaul/remote.h"

namespace outhaul {

/// The file is no longer what the caller thinks it is: it vanished, became something else, or changed under
/// the reader.
class SourceChanged : public Error {
 public:
  enum class How : std::uint8_t { vanished, other_kind, content };
  SourceChanged(How how, const std::string& message) : Error(ErrorKind::source, message), how_(how) {}
  How how() const noexcept { return how_; }

 private:
  How how_;
};

class SourceFile;

/// A job's source directory, held open. Thread-safe: open() may be called from every lane.
class SourceTree {
 public:
  /// Throws Error{source}.
  explicit SourceTree(const std::filesystem::path& source);
  /// Opens the regular file at `path`, never following a symlink in any segment below the source. Throws
  /// SourceChanged or Error{source}.
  SourceFile open(const RelPath& path) const;

 private:
  Fd root_;
};

/// An open source file: reads at most as many bytes as it had when it was opened, and hashes them on the way.
class SourceFile final : public ByteSource {
 public:
  SourceFile(Fd fd, RelPath path);

  /// The entry as it was when the file was opened.
  const Entry& entry() const noexcept { return entry_; }
  /// Reads and hashes [position, offset), so that the next read() starts at `offset`. Only forwards.
  void advance_to(std::uint64_t offset);
  /// Throws SourceChanged{content} when the file ends before its size at opening.
  std::size_t read(std::span<std::byte> buffer) override;
  /// Bytes [offset, offset + buffer.size()) without moving or hashing; false when they aren't all there.
  bool peek(std::uint64_t offset, std::span<std::byte> buffer) const;
  /// True when size, mtime, ctime and inode are still those of entry().
  bool unchanged() const;
  /// The digest of everything, once all was read.
  Sha256Digest digest() { return hash_.finish(); }

 private:
  Fd fd_;
  Entry entry_;
  std::uint64_t position_ = 0;
  Sha256 hash_;
};

}  // namespace outhaul
