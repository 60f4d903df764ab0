// A certificate authority for one test process.
#pragma once

#include <filesystem>
#include <string>

namespace outhaul::test {

struct Certificates {
  std::filesystem::path ca;     ///< PEM: what a client must trust
  std::filesystem::path chain;  ///< PEM: the server's certificate
  std::filesystem::path key;    ///< PEM: its key
  std::filesystem::path both;   ///< PEM: key and certificate in one file, as Pure-FTPd wants it
  std::string pin;              ///< "sha256//BASE64" of the server's public key
};

/// Makes a fresh authority (EC, P-256) and a server certificate signed by it in `dir`, readable by all.
/// `names` as OpenSSL's subjectAltName takes them.
Certificates make_certificates(const std::filesystem::path& dir, const std::string& names);

}  // namespace outhaul::test
