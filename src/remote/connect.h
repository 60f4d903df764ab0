// Remote settings and a login → a Remote.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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
/// Its part for SFTP. `ssh_library`: the SSH library of the libcurl that runs, as that names it
/// ("libssh2/1.11.1"); empty: none.
void refuse_ssh_library(std::string_view url, std::string_view ssh_library);

/// What runs, for reports: "libcurl 8.14.1, OpenSSL/3.5.9, libssh2/1.11.1".
std::string libraries_in_use();

}  // namespace outhaul
