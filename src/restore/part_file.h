// A file that is being restored, under a temporary name beside its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/digest.h"
#include "restore/destination.h"
#include "restore/metadata.h"
#include "restore/restore_plan.h"
#include "restore/sparse_file.h"
#include "restore/write_behind.h"

namespace outhaul {

/// ".outhaul-restore-<16 hex digits>.part": of exactly this content for exactly this path, so that an attempt
/// that was cut off is found again, and one for another version is not.
std::string part_name(const RestoreStep& step);

/// How much of it an earlier attempt has left on the disk.
std::uint64_t bytes_in_part(const Destination& to, const RestoreStep& step) noexcept;

/// Renames `from` to `to` in `dir`; without `replaces` nothing may stand there. Throws PathError.
void put_in_place(int dir, const std::string& from, const RelPath& to, bool replaces);

/// Adds the first `size` bytes of a file to `hash`. Throws PathError and RemoteError{cancelled}.
void hash_content(int fd, std::uint64_t size, Sha256& hash, const CancelToken& cancel, const RelPath& path);

/// One thread. What is left of it when it goes away early can be continued by another one.
class PartFile {
 public:
  /// Opens what an earlier attempt left, or makes an empty one. resume() comes first. Throws PathError.
  PartFile(const Destination& to, const RestoreStep& step);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Hashes what is there and goes on behind it; the number of bytes. 0 when it can't be of this file. Throws
  /// RemoteError{cancelled}.
  std::uint64_t resume(const CancelToken& cancel);
  void start_over();
  /// Throws Error{local_io} when the disk is full or fails, for a large file also for bytes before these.
  void write(std::span<const std::byte> bytes);
  std::uint64_t position() const noexcept { return position_; }
  /// The server gives more than what was stored.
  void overrun() noexcept { overrun_ = true; }
  /// Everything came, and it is what was stored. Ends the hash.
  bool is_whole();
  /// What is_whole() found wrong, as the end of a sentence.
  const std::string& fault() const noexcept { return fault_; }
  /// Gives it its metadata and its name. What could not be set, as sentences. Throws PathError.
  std::vector<std::string> publish(MetadataWriter& metadata);
  /// It is of no use to a later attempt.
  void discard() noexcept { keep_ = false; }

 private:
  Fd open(bool anew) const;
  void begin_at(std::uint64_t offset);

  const RestoreStep& step_;
  Fd dir_;
  std::string name_;
  Fd fd_;
  Sha256 hash_;
  std::optional<SparseFile> file_;
  std::uint64_t position_ = 0;
  std::string fault_;
  bool overrun_ = false, keep_ = true;
  std::optional<WriteBehind> behind_;  ///< large files; last, since it works on the others until it is gone
};

}  // namespace outhaul
