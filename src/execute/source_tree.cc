#include "execute/source_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/nanoseconds.h"
#include "base/xattr.h"
#include "outhaul/xattrs.h"

namespace outhaul {
namespace {

/// What the kernel reads ahead anyhow.
constexpr off_t kReadAhead = 128 * 1024;

[[noreturn]] void refuse(int errno_value, const RelPath& path) {
  const std::string name = printable(path.bytes());
  if (errno_value == ENOENT)
    throw SourceChanged(SourceChanged::How::vanished,
                        fmt::format("\"{}\" vanished after it was scanned", name));
  if (errno_value == ELOOP || errno_value == ENOTDIR || errno_value == ENXIO)
    throw SourceChanged(SourceChanged::How::other_kind,
                        fmt::format("\"{}\" became something else after it was scanned", name));
  throw errno_error(errno_value, fmt::format("can't read \"{}\"", name), ErrorKind::source,
                    "Give the user that runs outhaul read permission, or exclude the path in the profile.");
}

Entry entry_from(const struct stat& st, RelPath path) {
  Entry entry;
  entry.path = std::move(path);
  entry.kind = EntryKind::file;
  entry.size = static_cast<std::uint64_t>(st.st_size);
  entry.mtime_ns = ns_of(st.st_mtim);
  entry.ctime_ns = ns_of(st.st_ctim);
  entry.inode = st.st_ino;
  entry.dev = st.st_dev;
  entry.mode = st.st_mode & 07777;
  entry.uid = st.st_uid;
  entry.gid = st.st_gid;
  entry.links = links_of(st.st_nlink);
  entry.sparse = has_holes(entry.size, static_cast<std::uint64_t>(st.st_blocks));
  return entry;
}

/// Opens `name` in `dir`; a segment of its own each time, so that a path of any length works and no symlink
/// is followed.
Fd open_segment(int dir, const std::string& name, int flags) {
  // O_NONBLOCK: a FIFO that took the file's place must not hang us.
  return Fd(::openat(dir, name.c_str(), flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

}  // namespace

SourceTree::SourceTree(const std::filesystem::path& source, bool xattrs)
    : root_(::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), xattrs_(xattrs) {
  if (!root_)
    throw errno_error(errno, fmt::format("can't open the source \"{}\"", printable(source.native())),
                      ErrorKind::source, "Is it mounted, and may the user that runs outhaul read it?");
}

SourceFile SourceTree::open(const RelPath& path) const {
  std::string_view rest = path.bytes();
  Fd dir;
  int at = root_.get();
  for (std::size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest = rest.substr(slash + 1)) {
    Fd next = open_segment(at, std::string(rest.substr(0, slash)), O_DIRECTORY);
    if (!next) refuse(errno, path);
    dir = std::move(next);
    at = dir.get();
  }
  Fd file = open_segment(at, std::string(rest), 0);
  if (!file) refuse(errno, path);
  return SourceFile(std::move(file), path);
}

SourceFile SourceTree::open(const Entry& scanned) const {
  SourceFile file = open(scanned.path);
  file.complete_entry(scanned, xattrs_);
  return file;
}

void SourceFile::complete_entry(const Entry& scanned, bool xattrs) {
  if (entry_.uid == scanned.uid) entry_.user = scanned.user;
  if (entry_.gid == scanned.gid) entry_.group = scanned.group;
  if (fingerprint_of(entry_) == fingerprint_of(scanned)) {
    entry_.xattrs = scanned.xattrs;
  } else if (xattrs) {
    // What can't be read here is told by the next scan, which finds it different from what is recorded.
    read_xattrs({fd_.get()}, is_kept_xattr, [this](std::string&& name, int error, std::string&& value) {
      if (error == 0) entry_.xattrs.push_back({std::move(name), std::move(value)});
    });
  }
}

SourceFile::SourceFile(Fd fd, RelPath path) : fd_(std::move(fd)) {
  struct stat st = {};
  if (::fstat(fd_.get(), &st) != 0) refuse(errno, path);
  if (!S_ISREG(st.st_mode)) refuse(ELOOP, path);
  if (st.st_size > kReadAhead)
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // only advice: an error changes nothing
  entry_ = entry_from(st, std::move(path));
}

void HashMarks::belong_to(const Fingerprint& file) {
  if (file_ == file) return;
  file_ = file;
  marks_.clear();
}

void HashMarks::remember(std::uint64_t position, const Sha256& hash) {
  if (position < (marks_.empty() ? 0 : marks_.back().position) + kEvery) return;
  marks_.push_back({position, hash.copy()});
  if (marks_.size() > kMarks) marks_.pop_front();
}

const HashMarks::Mark* HashMarks::before(std::uint64_t position) const {
  const auto found = std::find_if(marks_.rbegin(), marks_.rend(),
                                  [&](const Mark& mark) { return mark.position <= position; });
  return found == marks_.rend() ? nullptr : &*found;
}

void SourceFile::keep_marks(HashMarks& marks) {
  marks_ = &marks;
  marks.belong_to(fingerprint_of(entry_));
}

std::uint64_t SourceFile::go_to_mark(std::uint64_t most) {
  const HashMarks::Mark* mark = marks_ != nullptr ? marks_->before(most) : nullptr;
  if (mark != nullptr && mark->position > position_) {
    position_ = mark->position;
    hash_ = mark->hash.copy();
  }
  return position_;
}

void SourceFile::advance_to(std::uint64_t offset) {
  std::vector<std::byte> buffer(256 * 1024);
  while (position_ < offset) {
    const auto want = std::min<std::uint64_t>(buffer.size(), offset - position_);
    read(std::span(buffer).first(want));
  }
}

std::size_t SourceFile::read(std::span<std::byte> buffer) {
  const auto want = std::min<std::uint64_t>(buffer.size(), entry_.size - position_);
  if (want == 0) return 0;
  ssize_t got;
  do {
    got = ::pread(fd_.get(), buffer.data(), want, static_cast<off_t>(position_));
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    throw errno_error(errno,
                      fmt::format("can't read \"{}\" at byte {}", printable(entry_.path.bytes()), position_),
                      ErrorKind::source, "Check the disk that holds the source.");
  if (got == 0)
    throw SourceChanged(SourceChanged::How::content, fmt::format("\"{}\" became shorter while it was read",
                                                                 printable(entry_.path.bytes())));
  const auto bytes = static_cast<std::size_t>(got);
  hash_.update(buffer.first(bytes));
  if (other_) other_->update(buffer.first(bytes));
  position_ += bytes;
  if (marks_ != nullptr) marks_->remember(position_, hash_);
  return bytes;
}

bool SourceFile::peek(std::uint64_t offset, std::span<std::byte> buffer) const {
  while (!buffer.empty()) {
    const ssize_t got = ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    buffer = buffer.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

bool SourceFile::unchanged() const {
  struct stat st = {};
  return ::fstat(fd_.get(), &st) == 0 && fingerprint_of(entry_from(st, {})) == fingerprint_of(entry_);
}

}  // namespace outhaul
