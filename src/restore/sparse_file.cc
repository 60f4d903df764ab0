#include "restore/sparse_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "outhaul/error.h"
#include "restore/destination.h"

namespace outhaul {
namespace {

/// No common file system has smaller blocks that matter, and larger ones are made of these.
constexpr std::uint64_t kBlock = 4096;
/// From so much on the disk is set to work: who syncs in the end has little left to wait for.
constexpr std::uint64_t kWriteOut = 8 << 20;

bool all_zero(std::span<const std::byte> bytes) {
  // Each byte equals the one before it, and the first is zero: one memcmp.
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

SparseFile::SparseFile(int fd, std::uint64_t offset, bool sparse, std::string name)
    : fd_(fd), position_(offset), written_out_(offset), sparse_(sparse), name_(std::move(name)) {
  struct stat info {};
  if (fstat(fd_, &info) != 0) fail(errno);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < offset)
    throw Error(ErrorKind::local_io,
                fmt::format("{} holds {} bytes, but {} were written to it before", name_, size, offset),
                "It was cut short meanwhile.");
  if (size > offset && ftruncate(fd_, static_cast<off_t>(offset)) != 0) fail(errno);
}

void SparseFile::fail(int error) const {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      throw errno_error(error, name_ + " can't be written", ErrorKind::local_io,
                        "Make room where it is restored to.");
    case EFBIG:
      throw PathError(
          error, errno_error(error, name_ + " can't be written").what(),
          "The file system there, or a limit (ulimit -f), allows no file of this size: restore it "
          "elsewhere.");
    default:
      throw errno_error(error, name_ + " can't be written", ErrorKind::local_io,
                        "Check the disk that it is restored to.");
  }
}

void SparseFile::write_past_cache() noexcept {
  struct statfs kind {};
  if (fstatfs(fd_, &kind) != 0) return;
  may_pass_cache_ = kind.f_type == EXT4_SUPER_MAGIC || kind.f_type == XFS_SUPER_MAGIC;
}

void SparseFile::put_past_cache(bool past) noexcept {
  if (past == passes_cache_) return;
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0 || fcntl(fd_, F_SETFL, past ? flags | O_DIRECT : flags & ~O_DIRECT) != 0)
    may_pass_cache_ = false;
  else
    passes_cache_ = past;
}

void SparseFile::put(std::span<const std::byte> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const bool aligned =
        at % kAlignment == 0 && reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment == 0;
    const std::size_t whole = may_pass_cache_ && aligned ? bytes.size() / kAlignment * kAlignment : 0;
    put_past_cache(whole > 0);
    const std::size_t some = passes_cache_ ? whole : bytes.size();
    if (some == 0) fail(EINVAL);  // the descriptor can't be turned back
    const ssize_t written = pwrite(fd_, bytes.data(), some, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EINVAL && passes_cache_) {
      may_pass_cache_ = false;  // a device with larger sectors, or a file system that thought better of it
      continue;
    }
    if (written < 0) fail(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  start_writing_out(at);
}

/// Only a hint: what fails on the way to the disk is told by whoever syncs.
void SparseFile::start_writing_out(std::uint64_t end) noexcept {
  if (may_pass_cache_ || end - written_out_ < kWriteOut) return;
  sync_file_range(fd_, static_cast<off_t>(written_out_), static_cast<off_t>(end - written_out_),
                  SYNC_FILE_RANGE_WRITE);
  written_out_ = end;
}

void SparseFile::write(std::span<const std::byte> bytes) {
  const std::uint64_t start = position_;
  position_ += bytes.size();
  if (!sparse_) return put(bytes, start);
  // Pieces end where blocks of the file do; those that aren't zeros go out together.
  std::size_t pending = 0, at = 0;
  while (at < bytes.size()) {
    const auto piece =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size() - at, kBlock - (start + at) % kBlock));
    if (all_zero(bytes.subspan(at, piece))) {
      put(bytes.subspan(pending, at - pending), start + pending);
      pending = at + piece;
    }
    at += piece;
  }
  put(bytes.subspan(pending), start + pending);
}

void SparseFile::finish(std::uint64_t size) {
  if (size != position_)
    throw Error(ErrorKind::internal,
                fmt::format("{} shall have {} bytes, but {} were written to it", name_, size, position_),
                "this is a bug in outhaul; please report it");
  put_past_cache(false);
  if (sparse_ && ftruncate(fd_, static_cast<off_t>(size)) != 0) fail(errno);
}

}  // namespace outhaul
