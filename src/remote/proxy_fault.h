// What a proxy did to us.
#pragma once

#include <cstdint>

namespace outhaul {

enum class ProxyFault : std::uint8_t {
  none,     ///< not the proxy's doing
  login,    ///< it wants a user and a password, or others
  refused,  ///< it won't connect us to that host or port
  failed,   ///< it can't be reached or couldn't reach the server, now
};

}  // namespace outhaul
