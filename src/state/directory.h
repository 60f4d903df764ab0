// The state's directory on disk.
#pragma once

#include <filesystem>

namespace outhaul {

/// Makes `dir` and what is missing above it, each 0700 whatever the umask, and durable. A directory that
/// exists keeps its mode. Throws Error{local_io}.
void make_private_directory(const std::filesystem::path& dir);

/// Makes what was created, renamed or removed in `dir` survive a power cut. Throws Error{local_io}.
void sync_directory(const std::filesystem::path& dir);

/// True when the effective user can create files in `dir`.
bool can_write_directory(const std::filesystem::path& dir) noexcept;

}  // namespace outhaul
