// "tls": who the server is, and who we are. Pure.
#pragma once

#include <filesystem>
#include <string_view>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

TlsSettings read_tls(const Node& node, const std::filesystem::path& folder);

/// "sha256//" and the base64 of 32 bytes, as curl writes a pin of a public key.
bool is_pin(std::string_view text);

}  // namespace outhaul
