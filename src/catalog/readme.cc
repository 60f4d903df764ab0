#include "catalog/readme.h"

#include <fmt/format.h>

#include "outhaul/names.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

std::string note_on_names(const std::string& control_dir) {
  if (control_dir == kControlDir) return {};
  return fmt::format(" The catalog calls the directory {} {}.", control_dir, kControlDir);
}

}  // namespace

std::string readme_text(const std::string& profile, const std::string& control_dir) {
  return fmt::format(
      R"(This is a backup made by outhaul, profile "{0}".
You can get everything back without outhaul.

The files as of the last run
  They lie beside this directory under their own names. Any FTP client fetches them, for example
    lftp -e "set ftp:list-options -a; mirror . restored; quit" ftp://USER@HOST/DIRECTORY
  (the option brings the files whose names begin with a dot, which some servers hide).
  A byte that FTP can't hold stands as %XX in a name (two upper-case hexadecimal digits; %0A is a newline).

Older versions
  {1}/versions/RUN/... holds what run number RUN replaced or removed: the file as it was before that run.

What FTP can't store
  Owners, permissions, symbolic links, hard links, exact times, extended attributes and the SHA-256 of every
  file are in the catalog, {1}/catalog. manifest.json names its files. The newest generation's base is an
  SQLite database, compressed with zstd; the changes of later runs are changesets of SQLite's session
  extension, to be applied in their order:
    zstd -d base-*.db.zst
    sqlite3 base-*.db "SELECT CAST(e.path AS TEXT), CAST(o.remote_name AS TEXT), o.size, hex(o.sha256)
                       FROM entry e JOIN object o ON o.id = e.object ORDER BY e.path"
  Table past_entry has the entries of earlier runs (from_run up to, not including, to_run), table run the time
  of each run in nanoseconds since 1970.{2}

Don't change anything in {1} by hand while the backup is in use. {1}/parts holds half-sent files.
)",
      printable(profile), control_dir, note_on_names(control_dir));
}

std::string readme_text_of_increments(const std::string& profile, const std::string& control_dir) {
  return fmt::format(
      R"(This is a backup made by outhaul, profile "{0}", on an account that may only add.
You can get everything back without outhaul.

The files
  Each run has stored what was new or changed in a directory of its own: run-NUMBER-TIME, below each job's
  directory. Nothing in it was ever replaced. run-NUMBER-TIME.2, .3, ... hold what had to be sent again.
  Copied one over the other in the order of their names, they give the files as of the last one:
    lftp -e "mirror . increments; quit" ftp://USER@HOST/DIRECTORY
    for run in increments/run-*; do cp -a "$run/." restored/; done
  Stop at an earlier run to have the files of that night. What was removed or renamed in the source is still
  there then, under its old name, and a file that was cut off while it was sent may be there as far as it got:
  the catalog knows which. A byte that FTP can't hold stands as %XX in a name (two upper-case hexadecimal
  digits; %0A is a newline).

What FTP can't store, and which files belong to which night
  Owners, permissions, symbolic links, hard links, exact times, extended attributes, empty directories and the
  SHA-256 of every file are in the catalog, {1}/catalog. The last of its manifest-*.json names its files.
  The newest generation's base is an SQLite database, compressed with zstd; the changes of later runs are
  changesets of SQLite's session extension, to be applied in their order:
    zstd -d base-*.db.zst
    sqlite3 base-*.db "SELECT CAST(e.path AS TEXT), CAST(o.remote_name AS TEXT), o.size, hex(o.sha256)
                       FROM entry e JOIN object o ON o.id = e.object ORDER BY e.path"
  Table past_entry has the entries of earlier runs (from_run up to, not including, to_run), table run the time
  of each run in nanoseconds since 1970.{2}
)",
      printable(profile), control_dir, note_on_names(control_dir));
}

}  // namespace outhaul
