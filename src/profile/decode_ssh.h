// "ssh": how an sftp:// server and we prove who we are. Pure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

SshSettings read_ssh(const Node& node, const std::filesystem::path& folder);

/// "sha256:BASE64" without padding, from that or from OpenSSH's "SHA256:BASE64"; none when it is neither.
std::optional<std::string> parse_host_key(std::string_view text);

/// How to write one, for expectations and advice.
inline constexpr const char* kHostKeyShape =
    "a host key's fingerprint, \"sha256:\" and 43 base64 digits, as ssh-keygen -l shows it";

}  // namespace outhaul
