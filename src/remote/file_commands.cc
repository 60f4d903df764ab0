#include "remote/file_commands.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/cancel.h"
#include "base/nanoseconds.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR;
}

CommandResult done() {
  return {Status::done, FailureClass::none, 250, {}, 0};
}

CommandResult missing(int error) {
  return {Status::missing, FailureClass::none, 550, std::strerror(error), 0};
}

CommandResult refused(int error) {
  return {Status::refused, classify_errno(error), reply_code_for(error), std::strerror(error), 0};
}

// Where a batch stands: which directories wait to be synced, and which results hang on each.
class DiskBatch {
 public:
  explicit DiskBatch(Disk& disk) : disk_(disk) {}

  void run(const Command& command) {
    results_.push_back(std::visit([this](const auto& c) { return apply(c); }, command));
  }
  void leave_unanswered() { results_.push_back({Status::unanswered, FailureClass::cancelled, 0, {}, 0}); }
  std::vector<CommandResult> finish();

 private:
  struct Touched {
    Fd dir;
    std::vector<std::size_t> commands;
  };

  CommandResult apply(const SizeOf& c);
  CommandResult apply(const HashOf& c);
  CommandResult apply(const Rename& c);
  CommandResult apply(const SetMtime& c);
  CommandResult apply(const MakeDir& c);
  CommandResult apply(const RemoveFile& c);
  CommandResult apply(const RemoveDir& c);
  CommandResult apply(const FreeSpace& c);
  CommandResult apply(const SetMode& c);
  CommandResult remove(const RemotePath& path, int flags);
  CommandResult changed(const RemotePath& path, Fd dir);
  void touch(const RemotePath& dir, Fd fd);

  Disk& disk_;
  std::vector<CommandResult> results_;
  std::map<RemotePath, Touched> touched_;
};

std::string name_of(const RemotePath& path) {
  return std::string(path.name());
}

void DiskBatch::touch(const RemotePath& dir, Fd fd) {
  Touched& touched = touched_[dir];
  if (!touched.dir) touched.dir = std::move(fd);
  touched.commands.push_back(results_.size());
}

CommandResult DiskBatch::changed(const RemotePath& path, Fd dir) {
  touch(path.parent(), std::move(dir));
  return done();
}

CommandResult DiskBatch::apply(const SizeOf& c) {
  const Fd dir = disk_.open_parent(c.path);
  struct stat st = {};
  if (!dir || ::fstatat(dir.get(), name_of(c.path).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return is_absent(errno) ? missing(errno) : refused(errno);
  }
  if (!S_ISREG(st.st_mode)) return {Status::refused, FailureClass::skip_file, 550, "not a regular file", 0};
  CommandResult result = done();
  result.size = static_cast<std::uint64_t>(st.st_size);
  return result;
}

/// A disk has no digest of its own to compare with: whoever wants more than sizes reads the file back.
CommandResult DiskBatch::apply(const HashOf&) {
  return {.status = Status::unsupported, .reply_code = 502, .reply_text = "a disk computes no digests"};
}

CommandResult DiskBatch::apply(const Rename& c) {
  Fd from_dir = disk_.open_parent(c.from);
  struct stat st = {};
  if (!from_dir || ::fstatat(from_dir.get(), name_of(c.from).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return is_absent(errno) ? missing(errno) : refused(errno);
  }
  Fd to_dir = disk_.open_parent(c.to);
  if (!to_dir ||
      ::renameat(from_dir.get(), name_of(c.from).c_str(), to_dir.get(), name_of(c.to).c_str()) != 0) {
    return refused(errno);
  }
  touch(c.from.parent(), std::move(from_dir));
  if (c.to.parent() == c.from.parent()) return done();
  return changed(c.to, std::move(to_dir));
}

CommandResult DiskBatch::apply(const SetMtime& c) {
  const Fd dir = disk_.open_parent(c.path);
  timespec times[2] = {};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = static_cast<time_t>(c.mtime_s);
  if (dir && ::utimensat(dir.get(), name_of(c.path).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return done();
  if (is_absent(errno)) return missing(errno);
  const bool cannot = errno == ENOSYS || errno == EOPNOTSUPP;
  return cannot ? CommandResult{Status::unsupported, FailureClass::none, 502, std::strerror(errno), 0}
                : refused(errno);
}

CommandResult DiskBatch::apply(const MakeDir& c) {
  if (c.path.empty()) return done();
  Fd dir = disk_.open_parent(c.path);
  if (!dir) return refused(errno);
  if (::mkdirat(dir.get(), name_of(c.path).c_str(), 0777) == 0) return changed(c.path, std::move(dir));
  const int error = errno;
  struct stat st = {};
  const bool there =
      error == EEXIST && ::fstatat(dir.get(), name_of(c.path).c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
  return there && S_ISDIR(st.st_mode) ? done() : refused(error);
}

CommandResult DiskBatch::apply(const RemoveFile& c) {
  return remove(c.path, 0);
}
CommandResult DiskBatch::apply(const RemoveDir& c) {
  return remove(c.path, AT_REMOVEDIR);
}

/// What root may fill beyond the others is root's. A file system that tells no size at all tells no free
/// space.
CommandResult DiskBatch::apply(const FreeSpace& c) {
  const Fd dir = disk_.open_dir(c.dir);
  struct statvfs facts {};
  if (!dir || ::fstatvfs(dir.get(), &facts) != 0 || facts.f_blocks == 0)
    return {.status = Status::unsupported, .reply_code = 502, .reply_text = "it doesn't tell"};
  CommandResult result = done();
  result.size =
      clamped_product<std::uint64_t>(::geteuid() == 0 ? facts.f_bfree : facts.f_bavail, facts.f_frsize);
  return result;
}

CommandResult DiskBatch::apply(const SetMode& c) {
  const Fd dir = c.path.empty() ? disk_.open_dir(c.path) : disk_.open_parent(c.path);
  const int result = !dir           ? -1
                     : c.path.empty() ? ::fchmod(dir.get(), c.mode & 0777)
                                      : ::fchmodat(dir.get(), name_of(c.path).c_str(), c.mode & 0777, AT_SYMLINK_NOFOLLOW);
  if (result == 0) return done();
  if (is_absent(errno)) return missing(errno);
  // EPERM is also what file systems without permissions say, and those that belong to somebody else.
  const bool cannot = errno == ENOSYS || errno == EOPNOTSUPP;
  return cannot ? CommandResult{Status::unsupported, FailureClass::none, 502, std::strerror(errno), 0}
                : refused(errno);
}

CommandResult DiskBatch::remove(const RemotePath& path, int flags) {
  Fd dir = disk_.open_parent(path);
  if (dir && ::unlinkat(dir.get(), name_of(path).c_str(), flags) == 0) return changed(path, std::move(dir));
  const int error = errno;
  if (error == ENOENT) return done();
  // ENOTDIR on the way there means that nothing of that name exists; on the name itself, that it is no
  // directory.
  return error == ENOTDIR && !dir ? done() : refused(error);
}

std::vector<CommandResult> DiskBatch::finish() {
  for (auto& directory : touched_) {
    auto& touched = directory.second;
    // EINVAL: a file system that can't sync directories (some network ones); then there is nothing to wait
    // for.
    if (::fsync(touched.dir.get()) == 0 || errno == EINVAL) continue;
    const int error = errno;
    for (const std::size_t index : touched.commands) {
      results_[index] = {Status::unanswered, classify_errno(error), reply_code_for(error),
                         std::strerror(error), 0};
    }
  }
  const bool went_away = std::any_of(results_.begin(), results_.end(), [](const CommandResult& result) {
    return result.failure == FailureClass::reconnect;
  });
  if (went_away) disk_.forget();
  return std::move(results_);
}

}  // namespace

std::vector<CommandResult> run_on_disk(Disk& disk, std::span<const Command> commands,
                                       const CancelToken& cancel) {
  DiskBatch batch(disk);
  for (const Command& command : commands) {
    if (cancel.cancelled()) {
      batch.leave_unanswered();
    } else {
      batch.run(command);
    }
  }
  return batch.finish();
}

}  // namespace outhaul
