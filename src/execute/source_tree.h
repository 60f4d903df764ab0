// Opening source files for reading without ever leaving the source.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <deque>
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

/// Where the hash of one file has been: a retry goes on from there and need not read again what a night has
/// sent. Holds the last kMarks MiB: more than any line has under way.
class HashMarks {
 public:
  static constexpr std::uint64_t kEvery = 1024 * 1024;
  static constexpr std::size_t kMarks = 64;
  struct Mark {
    std::uint64_t position = 0;
    Sha256 hash;
  };

  /// Forgets everything, unless `file` is what was hashed.
  void belong_to(const Fingerprint& file);
  void remember(std::uint64_t position, const Sha256& hash);
  /// The farthest one that isn't beyond `position`; null: none.
  const Mark* before(std::uint64_t position) const;

 private:
  Fingerprint file_;
  std::deque<Mark> marks_;  // ascending
};

/// A job's source directory, held open. Thread-safe: open() may be called from every lane.
class SourceTree {
 public:
  /// `xattrs`: whether extended attributes belong to an entry. Throws Error{source}.
  explicit SourceTree(const std::filesystem::path& source, bool xattrs = true);
  /// Opens the regular file at `path`, never following a symlink in any segment below the source. Throws
  /// SourceChanged or Error{source}.
  SourceFile open(const RelPath& path) const;
  /// The same for a scanned file, whose entry then has what the scan knows and an open file can't tell: the
  /// names of its owners, while those are the same; and its attributes, which are read again if it changed.
  SourceFile open(const Entry& scanned) const;

 private:
  Fd root_;
  bool xattrs_;
};

/// An open source file: reads at most as many bytes as it had when it was opened, and hashes them on the way.
class SourceFile final : public ByteSource {
 public:
  SourceFile(Fd fd, RelPath path);

  /// The entry as it was when the file was opened.
  const Entry& entry() const noexcept { return entry_; }
  /// See SourceTree::open().
  void complete_entry(const Entry& scanned, bool xattrs);
  /// From now on a second digest is computed beside the SHA-256. Before the first byte is read.
  void also_digest(DigestKind kind) { other_.emplace(kind); }
  /// Reads of this file leave marks there. Borrowed.
  void keep_marks(HashMarks& marks);
  /// Goes to the farthest mark that isn't beyond `most`, if there is one, as if everything up to there had
  /// been read; the new position.
  std::uint64_t go_to_mark(std::uint64_t most);
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
  /// What also_digest() asked for, once all was read; empty when it wasn't asked for.
  std::string other_digest() { return other_ ? other_->finish() : std::string(); }

 private:
  Fd fd_;
  Entry entry_;
  std::uint64_t position_ = 0;
  Sha256 hash_;
  HashMarks* marks_ = nullptr;
  std::optional<Digester> other_;
};

}  // namespace outhaul
