#include "scan/walker.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/cancel.h"
#include "base/mounts.h"
#include "base/nanoseconds.h"
#include "filter/leave_out.h"
#include "filter/patterns.h"
#include "outhaul/error.h"
#include "scan/hand_over.h"
#include "scan/left_out.h"
#include "scan/open_directory.h"

namespace outhaul {
namespace {

using ProblemKind = ScanProblem::Kind;

constexpr std::size_t kOpenLevels = 200;
constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kLongestLink = 1 << 20;
/// How often something may turn into something else while it is looked at.
constexpr int kAttempts = 3;

constexpr const char* kMoved = "its directory was moved away while it was being read";
constexpr const char* kChanged = "changed into something else while it was being read";

const char* special_text(mode_t mode) {
  if (S_ISSOCK(mode)) return "is a socket";
  if (S_ISFIFO(mode)) return "is a named pipe";
  if (S_ISCHR(mode)) return "is a character device";
  if (S_ISBLK(mode)) return "is a block device";
  return "is of an unknown type";
}

/// The whole target; st_size is only a hint, since /proc and some network file systems give 0. Returns an
/// errno or 0.
int read_link(int parent, const char* name, std::size_t hint, std::string& target) {
  for (std::size_t room = std::max<std::size_t>(hint + 1, 64); room <= kLongestLink; room *= 2) {
    target.resize(room);
    const ssize_t got = readlinkat(parent, name, target.data(), room);
    if (got < 0) return errno;
    if (static_cast<std::size_t>(got) == room) continue;
    target.resize(static_cast<std::size_t>(got));
    return 0;
  }
  return ENAMETOOLONG;
}

}  // namespace

Walker::Walker(OpenSource source, const Filter& filter, const CancelToken& cancel, HandOver& out)
    : source_(std::move(source)),
      filter_(filter),
      cancel_(cancel),
      out_(out),
      buffer_(std::make_unique<std::byte[]>(kBufferBytes)),
      attributes_(source_.xattrs) {}

void Walker::run() {
  attributes_.begin();
  // The source's own descriptor stays as it is: the way back when everything between was closed.
  Fd top(openat(source_.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) throw errno_error(errno, source_.name, ErrorKind::source);
  enter(std::move(top), source_.id);
  while (depth_ > 0) {
    if (cancel_.cancelled())
      throw Error(ErrorKind::cancelled, "the scan of " + source_.name + " was interrupted");
    Frame& frame = frames_[depth_ - 1];
    const DirectoryNames::Item* item = frame.listing.next();
    if (item == nullptr) {
      leave();
    } else if (item->role == DirectoryNames::Role::content) {
      descend(frame, *item);
    } else {
      visit(frame, *item);
    }
  }
}

void Walker::set_path(const Frame& frame, const DirectoryNames::Item& item) {
  path_.resize(frame.path_length);
  if (frame.path_length > 0) path_ += '/';
  path_.append(frame.listing.name(item), item.length);
}

bool Walker::excluded(bool is_directory) const {
  return !filter_.empty() && filter_.excludes(path_, is_directory);
}

void Walker::problem(ScanProblem::Kind kind, std::string message) {
  out_.slot() = ScanProblem{RelPath::trusted(path_), kind, std::move(message)};
  out_.push();
}

// --- entries
// ---------------------------------------------------------------------------------------------------------

void Walker::visit(Frame& frame, const DirectoryNames::Item& item) {
  set_path(frame, item);
  if (item.type != DT_UNKNOWN && excluded(item.type == DT_DIR)) return;
  if (frame.lost) return problem(ProblemKind::unreadable_entry, kMoved);
  examine(frame, item, kAttempts);
}

void Walker::examine(Frame& frame, const DirectoryNames::Item& item, int attempts) {
  const char* name = frame.listing.name(item);
  struct stat info {};
  if (fstatat(frame.fd.get(), name, &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    if (errno != ENOENT) not_examined(errno);
    return;
  }
  const bool is_directory = S_ISDIR(info.st_mode);
  if (S_ISREG(info.st_mode) && is_too_large(source_.rules, static_cast<std::uint64_t>(info.st_size))) return;
  if (source_.rules.nodump && has_nodump(frame.fd.get(), name)) return;
  const bool as_listed = item.type != DT_UNKNOWN && is_directory == (item.type == DT_DIR);
  if (!as_listed && excluded(is_directory)) return;
  if (is_directory || S_ISREG(info.st_mode) || S_ISLNK(info.st_mode)) read_attributes(name, info);
  if (is_directory) return emit_directory(frame, item, info);
  if (S_ISREG(info.st_mode)) return emit(info, EntryKind::file);
  if (!S_ISLNK(info.st_mode)) return problem(ProblemKind::special, special_text(info.st_mode));

  int error = 0;
  if (emit_symlink(frame, name, info, error) || error == ENOENT) return;
  if (error != EINVAL) return problem(ProblemKind::unreadable_entry, errno_text(error));
  if (attempts == 1) return problem(ProblemKind::unreadable_entry, kChanged);
  examine(frame, item, attempts - 1);
}

/// A mount whose server or program is gone answers nothing, not even whose it is. With one_file_system
/// nothing is lost by that: what lies there isn't ours.
void Walker::not_examined(int error) {
  if (source_.one_file_system && is_foreign_mount_point(source_.fd.get(), path_, source_.id.dev))
    return problem(ProblemKind::other_file_system,
                   "is on another file system, which doesn't answer (" + errno_text(error) + ")");
  problem(ProblemKind::unreadable_entry, errno_text(error));
}

void Walker::read_attributes(const char* name, const struct stat& info) {
  attributes_.read(name, info.st_dev, xattrs_,
                   [this](std::string&& what) { problem(ProblemKind::unreadable_xattr, std::move(what)); });
}

void Walker::emit(const struct stat& info, EntryKind kind) {
  ScanItem& slot = out_.slot();
  Entry* entry = std::get_if<Entry>(&slot);
  if (entry == nullptr) entry = &slot.emplace<Entry>();
  entry->path.assign_trusted(path_);
  entry->kind = kind;
  entry->size = kind == EntryKind::file ? static_cast<std::uint64_t>(info.st_size) : 0;
  entry->mtime_ns = ns_of(info.st_mtim);
  entry->ctime_ns = ns_of(info.st_ctim);
  entry->inode = info.st_ino;
  entry->dev = info.st_dev;
  entry->mode = info.st_mode & 07777;
  entry->uid = info.st_uid;
  entry->gid = info.st_gid;
  entry->user = accounts_.user_name(info.st_uid);
  entry->group = accounts_.group_name(info.st_gid);
  entry->links = kind == EntryKind::file ? links_of(info.st_nlink) : 1;
  entry->sparse =
      kind == EntryKind::file && has_holes(entry->size, static_cast<std::uint64_t>(info.st_blocks));
  entry->xattrs.swap(xattrs_);
  if (kind != EntryKind::symlink) entry->link_target.clear();
  entry->object = kNoObject;
  out_.push();
}

/// False, and the errno in `error`, when the target can't be read.
bool Walker::emit_symlink(const Frame& frame, const char* name, const struct stat& info, int& error) {
  ScanItem& slot = out_.slot();
  Entry* entry = std::get_if<Entry>(&slot);
  if (entry == nullptr) entry = &slot.emplace<Entry>();
  error = read_link(frame.fd.get(), name, static_cast<std::size_t>(info.st_size), entry->link_target);
  if (error != 0) return false;
  emit(info, EntryKind::symlink);
  return true;
}

void Walker::emit_directory(Frame& frame, const DirectoryNames::Item& item, const struct stat& info) {
  if (source_.leave_out == file_id(info)) return;
  DirectoryNames::Subdirectory* below = frame.listing.subdirectory(item);
  if (source_.one_file_system && info.st_dev != source_.id.dev) {
    problem(ProblemKind::other_file_system, "is on another file system");
  } else if (below == nullptr) {
    problem(ProblemKind::unreadable_directory, kChanged);
  } else {
    *below = {file_id(info), true};
  }
  emit(info, EntryKind::directory);
}

// --- directories
// -----------------------------------------------------------------------------------------------------

void Walker::descend(Frame& frame, const DirectoryNames::Item& item) {
  const DirectoryNames::Subdirectory expected = *frame.listing.subdirectory(item);
  if (!expected.descend) return;
  set_path(frame, item);
  if (frame.lost) return problem(ProblemKind::unreadable_directory, kMoved);
  OpenedDirectory opened = open_directory(frame.fd.get(), frame.listing.name(item), expected.id);
  switch (opened.outcome) {
    case OpenedDirectory::Outcome::gone:
      return;
    case OpenedDirectory::Outcome::changed:
      return problem(ProblemKind::unreadable_entry, kChanged);
    case OpenedDirectory::Outcome::failed:
      return problem(ProblemKind::unreadable_directory, errno_text(opened.error));
    case OpenedDirectory::Outcome::opened:
      break;
  }
  if (source_.leave_out == opened.id) return;
  if (source_.one_file_system && opened.id.dev != source_.id.dev)
    return problem(ProblemKind::other_file_system, "is on another file system");
  enter(std::move(opened.fd), opened.id);
}

void Walker::enter(Fd fd, FileId id) {
  if (frames_.size() == depth_) frames_.emplace_back();
  Frame& frame = frames_[depth_];
  const int error = frame.listing.read(fd.get(), {buffer_.get(), kBufferBytes}, cancel_);
  if (error == ECANCELED) return;  // run() looks at the token next
  if (error != 0) {
    if (depth_ == 0)
      throw errno_error(error, "the source " + source_.name + " can't be listed", ErrorKind::source,
                        "check the disk or the mount; nothing on the remote was changed");
    // A directory that was removed while it was open can't be listed: it is gone.
    if (error != ENOENT) problem(ProblemKind::unreadable_directory, errno_text(error));
    return;
  }
  if (source_.rules.marks()) leave_out_what_is_marked(frame, fd);
  frame.fd = std::move(fd);
  frame.id = id;
  frame.path_length = path_.size();
  frame.lost = false;
  if (depth_ >= kOpenLevels) frames_[depth_ - kOpenLevels].fd.reset();
  ++depth_;
  attributes_.enter(frame.fd.get());
}

/// The source itself can be marked, too.
void Walker::leave_out_what_is_marked(Frame& frame, const Fd& fd) {
  const std::vector<std::string> marks = marks_of(
      source_.rules, [&](std::string_view name) { return frame.listing.holds(name); },
      [&] { return has_cache_tag(fd.get()); });
  if (!marks.empty()) frame.listing.keep_only(source_.rules.keep_tags ? marks : std::vector<std::string>{});
}

void Walker::leave() {
  Frame& left = frames_[--depth_];
  const Fd child = std::move(left.fd);
  left.listing.clear();
  if (depth_ == 0) return;
  Frame& frame = frames_[depth_ - 1];
  if (!frame.fd && !frame.lost) regain(frame, child);
  attributes_.enter(frame.fd.get());
}

/// Opens a directory again whose descriptor was closed on the way down: through its child's "..", or down
/// from the source by the names of the walk. Each way is checked, since directories can be moved meanwhile.
void Walker::regain(Frame& frame, const Fd& child) {
  if (child) frame.fd = open_same_directory(child.get(), "..", frame.id);
  if (!frame.fd) frame.fd = reopen_from_source(depth_ - 1);
  frame.lost = !frame.fd;
}

Fd Walker::reopen_from_source(std::size_t depth) const {
  Fd at = open_same_directory(source_.fd.get(), ".", source_.id);
  for (std::size_t level = 1; at && level <= depth; ++level)
    at = open_same_directory(at.get(), std::string(segment(level)).c_str(), frames_[level].id);
  return at;
}

std::string_view Walker::segment(std::size_t depth) const {
  const std::size_t above = frames_[depth - 1].path_length;
  const std::size_t start = above > 0 ? above + 1 : 0;
  return std::string_view(path_).substr(start, frames_[depth].path_length - start);
}

}  // namespace outhaul
