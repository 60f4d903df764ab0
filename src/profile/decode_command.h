// A command in a profile: a program and its arguments.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "profile/json_reader.h"

namespace outhaul {

/// At least the program. One with a '/' in it is named from the profile's folder, any other is looked for in
/// PATH.
std::vector<std::string> read_argv(const Node& node, const std::filesystem::path& folder);

}  // namespace outhaul
