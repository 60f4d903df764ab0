// sftp:// — a lane over libcurl and libssh2.
#pragma once

#include <memory>

#include "outhaul/profile.h"
#include "outhaul/remote.h"
#include "outhaul/server_memory.h"
#include "remote/login.h"

namespace outhaul {

/// Throws Error{usage} for what can't work. A put at an offset goes on only where the remote file ends there;
/// any other offset is refused with FailureClass::retry, and nothing has changed. A rename never replaces
/// anything: it is refused where something stands under the name.
std::unique_ptr<Remote> make_sftp_remote(const RemoteSettings& settings, const Login& login,
                                         const ServerMemory& memory = {});

}  // namespace outhaul
