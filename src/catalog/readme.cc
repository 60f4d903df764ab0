#include "catalog/readme.h"

#include <fmt/format.h>

#include "outhaul/paths.h"

namespace outhaul {

std::string readme_text(const std::string& profile) {
  return fmt::format(
      R"(This is a backup made by outhaul, profile "{}".
You can get everything back without outhaul.

The files as of the last run
  They lie beside this directory under their own names. Any FTP client fetches them, for example
    lftp -e "set ftp:list-options -a; mirror . restored; quit" ftp://USER@HOST/DIRECTORY
  (the option brings the files whose names begin with a dot, which some servers hide).
  A byte that FTP can't hold stands as %XX in a name (two upper-case hexadecimal digits; %0A is a newline).

Older versions
  .outhaul/versions/RUN/... holds what run number RUN replaced or removed: the file as it was before that run.

What FTP can't store
  Owners, permissions, symbolic links, hard links, exact times, extended attributes and the SHA-256 of every
  file are in the catalog, .outhaul/catalog. manifest.json names its files. The newest generation's base is an
  SQLite database, compressed with zstd; the changes of later runs are changesets of SQLite's session
  extension, to be applied in their order:
    zstd -d base-*.db.zst
    sqlite3 base-*.db "SELECT CAST(e.path AS TEXT), CAST(o.remote_name AS TEXT), o.size, hex(o.sha256)
                       FROM entry e JOIN object o ON o.id = e.object ORDER BY e.path"
  Table past_entry has the entries of earlier runs (from_run up to, not including, to_run), table run the time
  of each run in nanoseconds since 1970.

Don't change anything in .outhaul by hand while the backup is in use. .outhaul/parts holds half-sent files.
)",
      printable(profile));
}

}  // namespace outhaul
