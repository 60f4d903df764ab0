#include "state/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "outhaul/paths.h"
#include "state/refusal.h"

namespace outhaul::sqlite {
namespace {

bool is_no_space(int result, int system_errno) {
  return (result & 0xFF) == SQLITE_FULL || system_errno == ENOSPC || system_errno == EDQUOT ||
         system_errno == EFBIG;
}

Error storage_error(int result, int system_errno, std::string_view file, std::string_view detail) {
  const std::string shown = printable(file);
  if (is_no_space(result, system_errno)) {
    const std::string reason = std::generic_category().message(system_errno != 0 ? system_errno : ENOSPC);
    return Error(ErrorKind::local_io, fmt::format("{}: the state can't be written: {}", shown, reason),
                 "Free space (or raise the quota or file size limit) where the state is, then run again: "
                 "what was recorded "
                 "until now is safe, and the next run goes on from there.");
  }
  const std::string reason =
      system_errno != 0
          ? fmt::format("{} ({})", std::generic_category().message(system_errno), printable(detail))
          : printable(detail);
  return Error(ErrorKind::local_io, fmt::format("{}: the state can't be read or written: {}", shown, reason),
               "Look into the system log for errors of the disk or file system that holds the state. What "
               "was recorded "
               "until now is kept.");
}

Error access_error(int system_errno, std::string_view file, std::string_view detail) {
  const std::string reason =
      system_errno != 0 ? std::generic_category().message(system_errno) : printable(detail);
  return Error(
      ErrorKind::local_io,
      fmt::format("{}: the state can't be opened or written: {}", printable(file), reason),
      "Run outhaul as the user who owns the state directory, or give that user back the ownership of the "
      "directory and of every file in it; on a read-only file system choose another place with --state-dir.");
}

}  // namespace

Error error_for(int result, int system_errno, std::string_view file, std::string_view detail) {
  switch (result & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return damaged(file, detail);
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return storage_error(result, system_errno, file, detail);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return is_no_space(result, system_errno) ? storage_error(result, system_errno, file, detail)
                                               : access_error(system_errno, file, detail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(
          ErrorKind::locked,
          fmt::format("{}: the state is in use by another program: {}", printable(file), printable(detail)),
          "End the program that has it open for writing (fuser -v shows it; a forgotten sqlite3 shell, for "
          "example), then run again.");
    case SQLITE_NOMEM:
      return Error(ErrorKind::local_io, fmt::format("{}: out of memory", printable(file)),
                   "Raise the memory limit of this process (systemd MemoryMax, ulimit -v), or free memory.");
    default:
      return Error(
          ErrorKind::internal,
          fmt::format("{}: SQLite refused a statement ({}): {}", printable(file), result, printable(detail)),
          "This is a bug in outhaul; please report it with this message. The state was not changed.");
  }
}

}  // namespace outhaul::sqlite
