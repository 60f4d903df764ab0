// Opening a directory that was examined before, without being led astray.
#pragma once

#include "base/fd.h"
#include "scan/listing.h"

struct stat;

namespace outhaul {

FileId file_id(const struct stat& info) noexcept;

struct OpenedDirectory {
  enum class Outcome {
    opened,   ///< `fd` is a directory that is, or just now was, `parent`/`name`; `id` says which
    gone,     ///< nothing has this name any more
    changed,  ///< something else took the name
    failed,   ///< `error` says why
  };
  Outcome outcome = Outcome::failed;
  Fd fd;
  FileId id;
  int error = 0;
};

/// Opens `name` in `parent` for listing, never following a symlink, and makes sure that it may be searched.
/// When it isn't the directory `expected` (of an earlier stat), a second look decides whether another
/// directory properly took its name.
OpenedDirectory open_directory(int parent, const char* name, const FileId& expected);

/// The directory that `at`/`name` is now if it is `expected`, else an empty Fd. `name` may be "..".
Fd open_same_directory(int at, const char* name, const FileId& expected) noexcept;

}  // namespace outhaul
