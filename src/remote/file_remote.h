// file:// — a directory on a mounted disk as a remote.
#pragma once

#include <memory>

#include "outhaul/profile.h"
#include "outhaul/remote.h"

namespace outhaul {

/// The remote below settings.base, which must exist when the first operation is tried: a disk that isn't
/// mounted is RemoteError{stop_run}, never an empty remote. Nothing below the base is reached through a
/// symlink. The bytes of a put that returned and the names that a batch changed are on the disk (fsync), not
/// only in the page cache; the name of a new file is sure to be there once it was renamed.
std::unique_ptr<Remote> make_file_remote(const RemoteSettings& settings, const ServerMemory& memory);

}  // namespace outhaul
