// A file that is written from front to back, and need not hold its zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace outhaul {

/// Writes a file in order, leaving holes for blocks of zeros when `sparse`. Borrows `fd`, which must be open
/// for writing; its position isn't used. Throws PathError when the file
/// can't be so large there, and any other Error{local_io} when the disk is full or fails.
class SparseFile {
 public:
  static constexpr std::size_t kAlignment = 4096;

  /// Goes on at `offset`: what the file holds behind it is dropped, since zeros that are left out must find
  /// nothing there. Refuses a file that is shorter than that: nobody knows what stood in between.
  /// `name`: for messages, printable.
  SparseFile(int fd, std::uint64_t offset, bool sparse, std::string name = "the restored file");
  ~SparseFile() { put_past_cache(false); }
  SparseFile(const SparseFile&) = delete;
  SparseFile& operator=(const SparseFile&) = delete;

  /// From now on whole blocks of memory that is aligned to kAlignment go to the disk past the page cache, on
  /// file systems that are known to be good at that (ext2 to ext4, XFS). That takes half the time of the CPU,
  /// leaves the machine's cache to others, and a disk that fails says so at once. Before the first write().
  void write_past_cache() noexcept;

  void write(std::span<const std::byte> bytes);
  /// How far the content goes: `offset` and everything written since.
  std::uint64_t position() const noexcept { return position_; }
  /// Gives the file its length, which zeros at its end have not. Also to be called (with position()) when
  /// writing ends early and is to go on later. Throws Error{internal} when `size` isn't position().
  void finish(std::uint64_t size);

 private:
  void put(std::span<const std::byte> bytes, std::uint64_t at);
  void put_past_cache(bool past) noexcept;
  void start_writing_out(std::uint64_t end) noexcept;
  [[noreturn]] void fail(int error) const;

  int fd_;
  std::uint64_t position_, written_out_;
  bool sparse_;
  bool may_pass_cache_ = false, passes_cache_ = false;
  std::string name_;
};

}  // namespace outhaul
