// What a server's certificate says, kept so that a failure can name it.
#pragma once

#include <string>

#include "remote/tls_session.h"

namespace outhaul {

/// The leaf certificate of the last full handshake. All texts are printable.
struct PeerCertificate {
  std::string pin;  ///< "sha256//BASE64" of the public key, as "tls": {"pin": …} takes it; empty = none seen
  std::string subject;
  std::string issuer;
  std::string names;  ///< host names and addresses it is for, comma-separated
  std::string not_before;
  std::string not_after;
  int verify_error = 0;     ///< X509_V_ERR_…; 0 = the chain is good
  std::string verify_text;  ///< OpenSSL's words for verify_error

  int plain_code = 0;  ///< a server that answered in plain text: the reply code that it began with

  bool seen() const noexcept { return !pin.empty(); }
  bool self_signed() const noexcept;
  /// Its authority isn't among the trusted ones, or a certificate between the two is missing.
  bool of_unknown_authority() const noexcept;
  bool expired() const noexcept;
};

/// What a handle's TLS handshakes are watched with.
struct TlsWatch {
  PeerCertificate seen;
  /// To be cleared when a control connection is opened: the next handshake is its own.
  bool control_secured = false;
  TlsSessions sessions;
};

/// Makes `curl_handle` (a CURL*) fill `watch` during each handshake; it must outlive the handle. Does nothing
/// when this libcurl does not use OpenSSL. Changes nothing about what is accepted.
void watch_certificate(void* curl_handle, TlsWatch* watch);

}  // namespace outhaul
