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
  /// Goes on at `offset`: what the file holds behind it is dropped, since zeros that are left out must find
  /// nothing there. Refuses a file that is shorter than that: nobody knows what stood in between.
  /// `name`: for messages, printable.
  SparseFile(int fd, std::uint64_t offset, bool sparse, std::string name = "the restored file");

  void write(std::span<const std::byte> bytes);
  /// How far the content goes: `offset` and everything written since.
  std::uint64_t position() const noexcept { return position_; }
  /// Gives the file its length, which zeros at its end have not. Also to be called (with position()) when
  /// writing ends early and is to go on later. Throws Error{internal} when `size` isn't position().
  void finish(std::uint64_t size);

 private:
  void put(std::span<const std::byte> bytes, std::uint64_t at);
  [[noreturn]] void fail(int error) const;

  int fd_;
  std::uint64_t position_, written_out_;
  bool sparse_;
  std::string name_;
};

}  // namespace outhaul
