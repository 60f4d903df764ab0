// A mail server on loopback: aiosmtpd from Debian's packages, with TLS and logins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outhaul::test {

enum class MailTls : std::uint8_t { none, starttls, implicit };

/// With TLS it wants a login. Recipients that begin with "refused" get a 550, such with "grey" a 451 the
/// first time.
class MailServer {
 public:
  explicit MailServer(MailTls tls);

  static constexpr const char* kUser = "backup";
  static constexpr const char* kPassword = "mail secret";
  std::uint16_t port() const noexcept { return port_; }
  /// "smtps://backup@localhost:2525", or as the server's TLS wants it.
  std::string url() const;
  const std::filesystem::path& ca() const noexcept { return certificates_.ca; }
  /// What it has taken, in its order, as mail_server.py read it.
  std::vector<nlohmann::json> mails() const;

 private:
  MailTls tls_;
  TempDir dir_;
  Certificates certificates_;
  Process process_;
  std::uint16_t port_ = 0;
};

}  // namespace outhaul::test
