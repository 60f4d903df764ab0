// "remote": where the copies go, and how to get there. Pure.
#pragma once

#include <filesystem>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// What could be read; every fault is with the node.
RemoteSettings read_remote(const Node& node, const std::filesystem::path& folder);

}  // namespace outhaul
