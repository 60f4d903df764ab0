// "proxy": what stands between us and the server. Pure.
#pragma once

#include <filesystem>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

ProxySettings read_proxy(const Node& node, const std::filesystem::path& folder);

}  // namespace outhaul
