// What a connection needs to log in.
#pragma once

#include <string>

namespace outhaul {

/// Secrets, resolved. Empty: not needed.
struct Login {
  std::string user;
  std::string password;
  std::string key_passphrase;    ///< of the SSH key
  std::string tls_key_password;  ///< of the client certificate's key
  std::string proxy_password;
};

}  // namespace outhaul
