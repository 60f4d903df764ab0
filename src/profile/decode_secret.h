// Where a secret comes from. Pure.
#pragma once

#include <filesystem>
#include <string_view>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// The password of the remote: any source, netrc included. No message quotes what stands at `node`.
SecretSource read_password(const Node& node, const std::filesystem::path& folder);

/// Any other secret, which netrc doesn't know; `noun` for messages: "the passphrase".
SecretSource read_secret(const Node& node, const std::filesystem::path& folder, std::string_view noun);

/// How a password can be given, for expectations.
inline constexpr const char* kPasswordShape =
    "one of {\"file\": \"/PATH\"}, {\"env\": \"NAME\"}, {\"command\": [\"PROGRAM\", …]}, {\"credential\": "
    "\"NAME\"} or {\"netrc\": true}";

/// A name that systemd gives a credential and that stays inside its directory.
bool is_credential_name(std::string_view name);

}  // namespace outhaul
