// Why a path is left out of a source, beside patterns: asks the file system what the rules want to know.
#pragma once

#include <filesystem>
#include <string>

#include "outhaul/leave_out.h"
#include "outhaul/paths.h"

namespace outhaul {

/// Whether the open directory `fd` has a regular file CACHEDIR.TAG with the signature. One that can't be read
/// isn't one: in doubt things are stored.
bool has_cache_tag(int fd) noexcept;

/// Whether `name` in the open directory `fd` has the flag "nodump" (chattr(1)). False where the file system
/// doesn't tell.
bool has_nodump(int fd, const char* name) noexcept;

/// For `outhaul explain`: "its directory "a/b" holds ".nobackup" ("exclude_if_present")"; empty when `path`
/// is stored as far as these rules go. Looks at its directories, too.
std::string left_out_because(const std::filesystem::path& source, const RelPath& path, const LeaveOut& rules);

}  // namespace outhaul
