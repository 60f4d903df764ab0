// "remote": the URL, the password's source, TLS, timeouts. Pure.
#pragma once

#include <filesystem>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// What could be read; every fault is with the node.
RemoteSettings read_remote(const Node& node, const std::filesystem::path& folder);

/// "sha256//" and the base64 of 32 bytes, as curl writes a pin of a public key.
bool is_pin(std::string_view text);

/// True for the two names that servers take as "anybody" (RFC 1635), for which no password is needed.
bool is_anonymous(std::string_view user);

}  // namespace outhaul
