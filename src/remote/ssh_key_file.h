// What a private key file is, as far as that can be told without its passphrase. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace outhaul {

struct SshKeyFile {
  enum class Kind : std::uint8_t { unknown, rsa, dsa, ecdsa, ed25519, public_key, putty };
  Kind kind = Kind::unknown;
  bool encrypted = false;
};

/// OpenSSH's own format (PROTOCOL.key), and PEM as ssh-keygen -m PEM and OpenSSL write it.
SshKeyFile inspect_ssh_key(std::string_view text);

}  // namespace outhaul
