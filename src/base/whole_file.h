// A small file that is always whole to whoever reads it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace outhaul {

/// Writes `text` to "NAME.new" beside `file`, on the disk, and renames it. `mode` counts whatever the umask
/// is. When it fails `file` is as it was, and nothing is left beside it. Throws std::system_error with the
/// errno.
void replace_file(const std::filesystem::path& file, std::string_view text, mode_t mode);

}  // namespace outhaul
