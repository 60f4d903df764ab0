// What must fit together within "remote". Pure.
#pragma once

#include <string_view>

#include "outhaul/profile.h"
#include "profile/json_reader.h"

namespace outhaul {

/// `node` is "remote", `remote` what was read of it; every fault is with the node.
void check_remote_settings(const Node& node, const RemoteSettings& remote);

/// True for the two names that FTP servers take as "anybody" (RFC 1635), for which no password is needed.
bool is_anonymous(std::string_view user);

}  // namespace outhaul
