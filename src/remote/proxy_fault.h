// What a proxy did to us. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "remote/words.h"

namespace outhaul {

enum class ProxyFault : std::uint8_t {
  none,     ///< not the proxy's doing
  login,    ///< it wants a user and a password, or others
  refused,  ///< it won't connect us to that host or port
  failed,   ///< it can't be reached or couldn't reach the server, now
};

/// One failure on the way to or through a proxy.
struct ProxyStory {
  ProxyFault fault = ProxyFault::none;
  std::string url;   ///< without the user, for messages; empty: there is no proxy
  std::string user;  ///< as the profile has it
};
/// `why`: libcurl's or the operating system's own words.
Words explain_proxy(const ProxyStory& story, const std::string& why);

}  // namespace outhaul
