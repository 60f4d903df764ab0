// Remote settings and a login → a Remote.
#pragma once

#include <memory>

#include "outhaul/profile.h"
#include "outhaul/remote.h"
#include "remote/login.h"

namespace outhaul {

/// The secrets are copied into libcurl's own memory when a connection opens and kept by the Remote until
/// then. Opens no connection. Throws Error{usage} for combinations that can't work.
std::unique_ptr<Remote> connect(const RemoteSettings& settings, const Login& login,
                                const ServerMemory& memory = {});

/// Throws Error{usage} for what the profile may say, but the libcurl that runs can't do safely. connect()
/// asks it, too.
void refuse_unsupported(const RemoteSettings& settings);

}  // namespace outhaul
