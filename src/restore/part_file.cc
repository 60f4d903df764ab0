#include "restore/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "outhaul/remote.h"

namespace outhaul {
namespace {

/// Less isn't worth a file that lies about: fetching it again costs next to nothing.
constexpr std::uint64_t kWorthKeeping = 256 * 1024;
constexpr std::size_t kPiece = 256 * 1024;
/// From here on two more threads pay: hashing and writing take about as long as receiving over a fast line.
constexpr std::uint64_t kWorthWritingBehind = 8 << 20;

[[noreturn]] void fail_in_part(int error, const char* doing, const RelPath& path) {
  throw PathError(error,
                  fmt::format("can't {} \"{}\": {}", doing, printable(path.bytes()), std::strerror(error)),
                  error == EACCES || error == EPERM || error == EROFS
                      ? "Run the restore as a user who may write there, or restore to another directory."
                      : "");
}

/// Nobody else's, and under no second name: what is written to it ends nowhere else.
bool is_ours(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == ::geteuid();
}

}  // namespace

void hash_content(int fd, std::uint64_t size, Sha256& hash, const CancelToken& cancel, const RelPath& path) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(size, kPiece));
  for (std::uint64_t at = 0; at < size;) {
    if (cancel.cancelled()) throw RemoteError(FailureClass::cancelled, "stopped on request");
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at));
    const ssize_t got = ::pread(fd, buffer.data(), most, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail_in_part(got < 0 ? errno : EIO, "read", path);
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
}

std::string part_name(const RestoreStep& step) {
  Sha256 identity;
  identity.update(step.entry.path.bytes());
  identity.update(std::string_view("\0", 1));
  identity.update(fmt::format("{}", step.copy.size));
  if (step.copy.sha256)
    identity.update(*step.copy.sha256);
  else
    identity.update(step.copy.name.wire());
  return fmt::format(".outhaul-restore-{}.part", to_hex(identity.finish()).substr(0, 16));
}

std::uint64_t bytes_in_part(const Destination& to, const RestoreStep& step) noexcept {
  try {
    struct stat st {};
    const Fd dir = to.open_dir(RelPath::trusted(std::string(step.entry.path.parent())));
    if (::fstatat(dir.get(), part_name(step).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    constexpr std::uint64_t kBlock = 512;
    return static_cast<std::uint64_t>(st.st_blocks) * kBlock;
  } catch (const std::exception&) {
    return 0;  // nothing is there that helps
  }
}

void put_in_place(int dir, const std::string& from, const RelPath& to, bool replaces) {
  const std::string name(to.name());
  if (!replaces) {
    const long done = ::syscall(SYS_renameat2, dir, from.c_str(), dir, name.c_str(), RENAME_NOREPLACE);
    if (done == 0) return;
    if (errno == EEXIST)
      throw PathError(
          EEXIST, fmt::format("\"{}\" appeared while it was restored: left as it is", printable(to.bytes())),
          "Restore again; --overwrite changed replaces what differs.");
    if (errno != EINVAL && errno != ENOSYS) fail_in_part(errno, "name", to);
    if (look_at(dir, name, to)) fail_in_part(EEXIST, "name", to);  // a file system without the option
  }
  if (::renameat(dir, from.c_str(), dir, name.c_str()) != 0) fail_in_part(errno, "replace", to);
}

PartFile::PartFile(const Destination& to, const RestoreStep& step)
    : step_(step),
      dir_(to.open_dir(RelPath::trusted(std::string(step.entry.path.parent())))),
      name_(part_name(step)) {
  fd_ = open(false);
  if (fd_ && !is_ours(fd_.get())) fd_.reset();
  if (!fd_) {
    ::unlinkat(dir_.get(), name_.c_str(), 0);
    fd_ = open(true);
  }
  if (!fd_) fail_in_part(errno, "write", step_.entry.path);
}

/// What ended early is made as long as it is: a hole at its end is content, too.
PartFile::~PartFile() {
  behind_.reset();
  if (name_.empty()) return;
  try {
    if (file_) file_->finish(file_->position());
  } catch (const std::exception&) {
    // It is shorter then; the next attempt goes on from there.
  }
  if (!keep_ || !file_ || file_->position() < kWorthKeeping) ::unlinkat(dir_.get(), name_.c_str(), 0);
}

Fd PartFile::open(bool anew) const {
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return Fd(::openat(dir_.get(), name_.c_str(), anew ? flags | O_EXCL : flags, 0600));
}

void PartFile::begin_at(std::uint64_t offset) {
  behind_.reset();
  position_ = offset;
  overrun_ = false;
  file_.emplace(fd_.get(), offset, step_.entry.sparse, printable(step_.entry.path.bytes()));
}

std::uint64_t PartFile::resume(const CancelToken& cancel) {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) fail_in_part(errno, "look at", step_.entry.path);
  auto size = static_cast<std::uint64_t>(st.st_size);
  if (size > step_.copy.size) size = 0;
  // What goes on at a whole block can be written past the cache.
  if (size < step_.copy.size) size -= size % SparseFile::kAlignment;
  if (size == 0) {
    begin_at(0);
    return 0;
  }
  hash_content(fd_.get(), size, hash_, cancel, step_.entry.path);
  begin_at(size);
  return size;
}

void PartFile::start_over() {
  behind_.reset();
  hash_ = Sha256();
  begin_at(0);
}

void PartFile::write(std::span<const std::byte> bytes) {
  const auto hash = [this](std::span<const std::byte> some) { hash_.update(some); };
  const auto write = [this](std::span<const std::byte> some) { file_->write(some); };
  if (!behind_ && step_.copy.size - position_ >= kWorthWritingBehind) {
    file_->write_past_cache();
    behind_.emplace(std::vector<WriteBehind::Work>{hash, write});
  }
  if (behind_) {
    behind_->write(bytes);
  } else {
    hash(bytes);
    write(bytes);
  }
  position_ += bytes.size();
}

bool PartFile::is_whole() {
  const RemoteCopy& copy = step_.copy;
  if (behind_) behind_->flush();
  fault_.clear();
  // What follows the right content doesn't make it wrong, if it can be told.
  if (overrun_ && !copy.sha256)
    fault_ = fmt::format("it is longer than the {} bytes that were stored", copy.size);
  else if (position() != copy.size)
    fault_ = fmt::format("it has not the {} bytes that were stored", copy.size);
  else if (copy.sha256 && hash_.finish() != *copy.sha256)
    fault_ = "its content is not what was stored (SHA-256 differs)";
  return fault_.empty();
}

std::vector<std::string> PartFile::publish(MetadataWriter& metadata) {
  file_->finish(step_.copy.size);
  std::vector<std::string> notes = metadata.apply(fd_.get(), step_.entry);
  put_in_place(dir_.get(), name_, step_.entry.path, step_.replaces);
  name_.clear();
  return notes;
}

}  // namespace outhaul
