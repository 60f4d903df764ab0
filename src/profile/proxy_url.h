// http://user@host:port, socks5h://… → ProxySettings. Pure.
#pragma once

#include <string_view>

#include "outhaul/profile.h"

namespace outhaul {

inline constexpr const char* kProxyShape =
    "a proxy's URL, such as \"http://proxy.example.net:3128\" or \"socks5h://127.0.0.1:1080\"";

/// Fills url (without the user) and user. Schemes: http (CONNECT), socks4, socks4a, socks5, socks5h; the port
/// must be said. Throws Error{profile}, whose message fits behind "proxy: "; a password is refused with the
/// ways to give it and never quoted.
ProxySettings parse_proxy_url(std::string_view url);

/// SOCKS 4 knows a user, but no password.
bool takes_password(const ProxySettings& proxy);

}  // namespace outhaul
