// What a failure of the transport or a reply of the server means. Pure; the table is docs' and the tests'
// too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "outhaul/remote.h"
#include "remote/proxy_fault.h"

namespace outhaul {

/// What was going on when it failed.
enum class Phase : std::uint8_t {
  connect,      ///< TCP, TLS, greeting, login
  command,      ///< on the control connection only
  store,        ///< an upload with bytes still to send
  store_final,  ///< an upload whose bytes were all sent; the final reply is missing
  retrieve,
  list,
};

/// One failure as it was seen.
struct Fault {
  int curl_code = 0;  ///< CURLcode; 0 = only the reply tells
  int reply = 0;      ///< last FTP reply code, 0 = none
  std::string_view reply_text{};
  Phase phase = Phase::command;
  bool fresh = false;         ///< the control connection was opened in this operation
  bool resuming = false;      ///< an upload at an offset > 0
  bool name_unknown = false;  ///< with CURLE_COULDNT_RESOLVE_HOST: the name does not exist (not: DNS is down)
  bool certificate_wanted = false;  ///< the server ended TLS because of our certificate, or for want of one
  bool tls_lowered = false;         ///< TLS 1.3 may be to blame, and the next connection asks for 1.2
  ProxyFault proxy = ProxyFault::none;
  bool transport_cut =
      false;  ///< with CURLE_SSL_CONNECT_ERROR: the connection was cut, TLS itself did not object
};

/// The fault without libcurl's misunderstandings. 7.88 takes a data connection that the server closes before
/// its TLS handshake for one that could not be opened, tries PASV, and reports the reply to STOR as a bad
/// reply to PASV (13).
Fault as_meant(Fault fault) noexcept;

/// Never FailureClass::none or cancelled.
FailureClass classify(const Fault& fault) noexcept;
/// The same for a negative reply on the command channel.
FailureClass classify_reply(int code, std::string_view text) noexcept;

/// What the texts of servers say; ASCII case is ignored.
bool says_too_many(std::string_view text) noexcept;
bool says_tls_required(std::string_view text) noexcept;
bool says_no_space(std::string_view text) noexcept;
/// That no PASV or PORT came before: a session that has lost ours (docs/ftp-notes.md, ftp-srv).
bool says_no_data_connection(std::string_view text) noexcept;
bool says_cannot_write(std::string_view text) noexcept;  ///< to its own disk
bool says_absent(std::string_view text) noexcept;
bool says_denied(std::string_view text) noexcept;

/// What OpenSSL says of servers that want a newer TLS version, or our certificate, or another one.
bool says_tls_too_old(std::string_view text) noexcept;
bool says_certificate_wanted(std::string_view text) noexcept;

}  // namespace outhaul
