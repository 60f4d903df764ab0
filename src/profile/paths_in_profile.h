// Local paths as a profile writes them. Pure.
#pragma once

#include <filesystem>
#include <optional>

#include "profile/json_reader.h"

namespace outhaul {

/// A path that is relative to `folder` when it isn't absolute. A fault when it is empty, holds NUL, or starts
/// with "~", which only a shell expands.
std::optional<std::filesystem::path> read_local_path(const Node& node, const std::filesystem::path& folder);

/// A path that must be written absolute.
std::optional<std::string> read_absolute_path(const Node& node);

}  // namespace outhaul
