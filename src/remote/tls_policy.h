// What the libcurl that runs makes of TLS 1.3, and what is done about it. Pure.
//
// With TLS 1.3 a session is a ticket, and servers that want the data connection to show the session of the
// control connection accept only tickets of that one (docs/ftp-notes.md, TLS).
#pragma once

#include <cstdint>
#include <string_view>

namespace outhaul {

/// The library that runs, which need not be that of the headers.
struct TlsLibrary {
  unsigned version = 0;  ///< libcurl's, as in curl_version_info: 0x075801 is 7.88.1
  bool openssl = false;  ///< its TLS is OpenSSL: only there a connection's context is ours to touch
};

enum class SessionCare : std::uint8_t {
  kept,   ///< each data connection offers the control connection's session
  lost,   ///< it offers the ticket that came last, which is a data connection's: until 8.8
  spent,  ///< it offers each ticket once, and has two: 8.12 to 8.21
};
SessionCare session_care(const TlsLibrary& library) noexcept;

struct TlsPolicy {
  /// TLS 1.2 is enough for servers that take it: there every version keeps the session.
  bool prefer_1_2 = false;
  /// With TLS 1.3 we keep the control connection's session ourselves, and offer it on each data connection.
  bool hold_session = false;
  /// With TLS 1.3 uploads to servers that want the session may fail, whatever we do.
  bool may_lack_session = false;
};
TlsPolicy tls_policy(const TlsLibrary& library) noexcept;

/// OpenSSL's list of the groups to offer, to a server that chose `group` (its name in OpenSSL: "prime256v1")
/// for TLS 1.3; nullptr: the library's own. A server that doesn't know the group that was guessed asks for
/// another hello, a round trip in each handshake.
const char* groups_for(std::string_view group) noexcept;

/// The library that runs.
TlsLibrary running_tls_library() noexcept;

}  // namespace outhaul
