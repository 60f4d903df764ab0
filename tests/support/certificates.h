// A certificate authority for one test process.
#pragma once

#include <filesystem>
#include <string>

namespace outhaul::test {

struct Certificates {
  std::filesystem::path ca;                 ///< PEM: what a client must trust
  std::filesystem::path chain;              ///< PEM: the server's certificate
  std::filesystem::path key;                ///< PEM: its key
  std::filesystem::path both;               ///< PEM: key and certificate in one file, as Pure-FTPd wants it
  std::string pin;                          ///< "sha256//BASE64" of the server's public key
  std::filesystem::path client;             ///< PEM: a client's certificate, by the same authority
  std::filesystem::path client_key;         ///< PEM: its key
  std::filesystem::path client_locked_key;  ///< the same, under kClientKeyPassword
  std::filesystem::path stranger;  ///< PEM: a client's certificate that signs for itself, with its key
};
inline constexpr const char* kClientKeyPassword = "key secret";

/// Makes a fresh authority (EC, P-256), a server and a client certificate signed by it in `dir`, readable by
/// all. `names` as OpenSSL's subjectAltName takes them.
Certificates make_certificates(const std::filesystem::path& dir, const std::string& names);

}  // namespace outhaul::test
