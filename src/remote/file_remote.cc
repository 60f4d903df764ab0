#include "remote/file_remote.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/cancel.h"
#include "remote/disk.h"
#include "remote/file_commands.h"

namespace outhaul {
namespace {

constexpr std::size_t kBufferSize = 512 * 1024;
// At most two of these are dirty in the page cache at a time: the final fdatasync is short, so that a
// cancelled put ends soon, and a slow disk shows its pace instead of swallowing gigabytes.
constexpr off_t kWriteBehind = 2 * 1024 * 1024;

// A file that is being written: its position, and how much of it the kernel was told to write out.
class Output {
 public:
  Output(Fd fd, off_t offset) : fd_(std::move(fd)), position_(offset), started_(offset), awaited_(offset) {}

  /// 0, or an errno.
  int write(std::span<const std::byte> data) {
    while (!data.empty()) {
      const ssize_t put = ::pwrite(fd_.get(), data.data(), data.size(), position_);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return put < 0 ? errno : EIO;
      position_ += put;
      data = data.subspan(static_cast<std::size_t>(put));
    }
    return write_behind();
  }

  int sync() {
    while (::fdatasync(fd_.get()) != 0) {
      if (errno == EINVAL) return 0;  // a file system that can't sync
      if (errno != EINTR) return errno;
    }
    return 0;
  }

 private:
  int write_behind() {
    if (position_ - started_ < kWriteBehind) return 0;
    const off_t from = std::exchange(awaited_, started_);
    if (awaited_ > from) {
      constexpr unsigned kWait =
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
      if (::sync_file_range(fd_.get(), from, awaited_ - from, kWait) != 0 && is_loss(errno)) return errno;
    }
    ::sync_file_range(fd_.get(), started_, position_ - started_, SYNC_FILE_RANGE_WRITE);
    started_ = position_;
    return 0;
  }

  // The kernel tells of a failed write-out once: here or in fdatasync(). Everything else means "not supported
  // here".
  static bool is_loss(int error) { return error == EIO || error == ENOSPC || error == EDQUOT; }

  Fd fd_;
  off_t position_, started_, awaited_;
};

class FileLane final : public Lane {
 public:
  FileLane(const RemoteSettings& settings, const CancelToken& cancel)
      : disk_(settings.base, settings.url), cancel_(cancel), url_(settings.url) {}

  void put(const Put& put) override;
  void get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) override;
  Listing list(const RemotePath& dir) override;
  std::vector<CommandResult> run(std::span<const Command> commands) override;

 private:
  void check_cancelled() const {
    if (cancel_.cancelled()) throw RemoteError(FailureClass::cancelled, url_ + ": cancelled");
  }
  Fd open_file(const RemotePath& path, int flags, const char* doing, struct stat& st);
  Fd open_target(const Put& put);
  void add_entry(int dir, const char* name, Listing& listing) const;

  Disk disk_;
  const CancelToken& cancel_;
  std::string url_;
  std::vector<std::byte> buffer_;
};

// O_NONBLOCK: a FIFO that somebody left there must not make a run wait for ever. ENXIO is what one without a
// reader says.
Fd FileLane::open_file(const RemotePath& path, int flags, const char* doing, struct stat& st) {
  const Fd dir = disk_.open_parent(path);
  if (!dir) throw disk_.error(errno, doing, path);
  Fd file(::openat(dir.get(), std::string(path.name()).c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                   0666));
  const bool is_special = !file && errno == ENXIO;
  if (!is_special && (!file || ::fstat(file.get(), &st) != 0)) throw disk_.error(errno, doing, path);
  if (S_ISDIR(st.st_mode)) throw disk_.error(EISDIR, doing, path);
  if (is_special || !S_ISREG(st.st_mode)) {
    throw RemoteError(FailureClass::skip_file, url_ + ": not a regular file: " + printable(path.wire()),
                      "remove what is in the way", 550, "not a regular file");
  }
  return file;
}

Fd FileLane::open_target(const Put& put) {
  struct stat st = {};
  Fd file = open_file(put.path, put.offset == 0 ? O_WRONLY | O_CREAT : O_WRONLY, "write", st);
  if (static_cast<std::uint64_t>(st.st_size) < put.offset) {
    throw RemoteError(FailureClass::skip_file,
                      url_ + ": shorter than the place to go on at: " + printable(put.path.wire()), {}, 554,
                      "offset beyond the end");
  }
  if (::ftruncate(file.get(), static_cast<off_t>(put.offset)) != 0)
    throw disk_.error(errno, "write", put.path);
  return file;
}

void FileLane::put(const Put& put) {
  check_cancelled();
  Output output(open_target(put), static_cast<off_t>(put.offset));
  buffer_.resize(kBufferSize);
  std::uint64_t total = 0;
  while (const std::size_t got = put.source->read(buffer_)) {
    check_cancelled();
    if (const int error = output.write(std::span(buffer_).first(got)))
      throw disk_.error(error, "write", put.path);
    total += got;
    if (put.sent) put.sent(got);
  }
  if (total != put.length) {
    throw RemoteError(FailureClass::retry,
                      url_ + ": the source's size changed while it was read: " + printable(put.path.wire()));
  }
  check_cancelled();
  if (const int error = output.sync()) throw disk_.error(error, "write", put.path);
}

void FileLane::get(const RemotePath& path, std::uint64_t offset, const ByteSink& sink) {
  check_cancelled();
  struct stat st = {};
  const Fd file = open_file(path, O_RDONLY, "read", st);
  buffer_.resize(kBufferSize);
  for (;;) {
    check_cancelled();
    const ssize_t got = ::pread(file.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw disk_.error(errno, "read", path);
    if (got == 0 || !sink(std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got)))) return;
    offset += static_cast<std::uint64_t>(got);
  }
}

void FileLane::add_entry(int dir, const char* name, Listing& listing) const {
  RemoteEntry entry;
  entry.name = name;
  struct stat st = {};
  if (::fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) listing.untrusted = printable(name) + ": " + std::strerror(errno);
    return;
  }
  entry.kind = S_ISREG(st.st_mode)   ? RemoteEntry::Kind::file
               : S_ISDIR(st.st_mode) ? RemoteEntry::Kind::directory
               : S_ISLNK(st.st_mode) ? RemoteEntry::Kind::symlink
                                     : RemoteEntry::Kind::other;
  if (S_ISREG(st.st_mode)) entry.size = static_cast<std::uint64_t>(st.st_size);
  entry.mtime_s = st.st_mtim.tv_sec;
  listing.entries.push_back(std::move(entry));
}

Listing FileLane::list(const RemotePath& dir) {
  check_cancelled();
  Fd fd = disk_.open_dir(dir);
  if (!fd) throw disk_.error(errno, "list", dir);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd.get()), ::closedir);
  if (!stream) throw disk_.error(errno, "list", dir);
  fd.release();
  Listing listing;
  for (;;) {
    check_cancelled();
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) throw disk_.error(errno, "list", dir);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") add_entry(::dirfd(stream.get()), entry->d_name, listing);
  }
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const RemoteEntry& a, const RemoteEntry& b) { return a.name < b.name; });
  return listing;
}

std::vector<CommandResult> FileLane::run(std::span<const Command> commands) {
  if (commands.empty()) return {};
  check_cancelled();
  return run_on_disk(disk_, commands, cancel_);
}

class FileRemote final : public Remote {
 public:
  FileRemote(const RemoteSettings& settings, const ServerMemory& memory)
      : settings_(settings), memory_(memory) {}
  std::unique_ptr<Lane> open_lane(const CancelToken& cancel) override {
    return std::make_unique<FileLane>(settings_, cancel);
  }
  std::unique_ptr<CommandRunner> open_channel(const CancelToken& cancel) override {
    return open_lane(cancel);
  }
  std::string describe() const override { return settings_.url; }
  ServerMemory memory() const override {
    const std::lock_guard lock(mutex_);
    return memory_;
  }
  void note(const ServerMemory& found) override {
    const std::lock_guard lock(mutex_);
    memory_ = merged(memory_, found, 0);
  }

 private:
  const RemoteSettings settings_;
  mutable std::mutex mutex_;
  ServerMemory memory_;  // guarded by mutex_: of what is mounted there
};

}  // namespace

std::unique_ptr<Remote> make_file_remote(const RemoteSettings& settings, const ServerMemory& memory) {
  return std::make_unique<FileRemote>(settings, memory);
}

}  // namespace outhaul
