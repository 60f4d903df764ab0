#include "state/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "base/fd.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "state/directory.h"
#include "state/schema.h"
#include "state/sqlite.h"

namespace outhaul {
namespace {

Error creation_error(int errno_value, const std::filesystem::path& path) {
  return errno_error(
      errno_value, printable(path.string()) + ": the state can't be made", ErrorKind::local_io,
      "Free space, mend the directory's owner and mode, or choose another place with --state-dir.");
}

/// Held while a state is made: two processes that find none must not build in the same file. Where a
/// directory can't be locked (some network file systems), the lock of the run is what is left.
Fd lock_directory(const std::filesystem::path& dir) {
  Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw creation_error(errno, dir);
  while (::flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return fd;
}

void remove_draft(const std::string& draft) noexcept {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((draft + suffix).c_str());
}

void make_empty_file(const std::string& draft) {
  const Fd fd(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw creation_error(errno, draft);
  if (::fchmod(fd.get(), 0600) != 0) throw creation_error(errno, draft);  // umask 0277
}

void fill_new(const std::string& draft, std::string_view profile) {
  sqlite::Database db(draft, sqlite::Access::read_write);
  db.exec("PRAGMA page_size = 4096");
  db.exec("PRAGMA journal_mode = MEMORY");  // a draft that was interrupted is thrown away, not repaired
  db.exec(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  migrate(db, migrations());
  sqlite::execute(db,
                  "INSERT INTO identity (one, profile, state_id) VALUES (1, ?, lower(hex(randomblob(16))))",
                  sqlite::Text{profile});
  db.exec("PRAGMA journal_mode = WAL");
}

void sync_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::fsync(fd.get()) != 0) throw creation_error(errno, path);
}

/// Never over an existing file, where the file system can promise that.
void move_into_place(const std::string& draft, const std::filesystem::path& file) {
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EINVAL || errno == ENOSYS) {
    if (::rename(draft.c_str(), file.c_str()) == 0) return;
  }
  throw creation_error(errno, file);
}

}  // namespace

bool create_state(const std::filesystem::path& file,
                  const std::function<void(const std::string& draft)>& fill) {
  const std::filesystem::path dir = file.parent_path();
  make_private_directory(dir);
  const Fd lock = lock_directory(dir);
  struct stat status {};
  if (::lstat(file.c_str(), &status) == 0) return false;
  const std::string draft = file.string() + ".new";
  remove_draft(draft);
  try {
    make_empty_file(draft);
    fill(draft);
    sync_file(draft);
    move_into_place(draft, file);
  } catch (...) {
    remove_draft(draft);
    throw;
  }
  sync_directory(dir);
  return true;
}

void create_state(const std::filesystem::path& file, std::string_view profile) {
  create_state(file, [&](const std::string& draft) { fill_new(draft, profile); });
}

}  // namespace outhaul
