// Remote settings and a login → a Remote.
#pragma once

#include <memory>
#include <string>

#include "outhaul/profile.h"
#include "outhaul/remote.h"

namespace outhaul {

/// `password` is copied into libcurl's own memory when a connection opens and kept by the Remote until then.
/// Opens no connection. Throws Error{usage} for combinations that can't work.
std::unique_ptr<Remote> connect(const RemoteSettings& settings, const std::string& user,
                                const std::string& password);

}  // namespace outhaul
