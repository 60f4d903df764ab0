// What is done to the contexts of a handle's TLS connections beyond libcurl's own: the control connection's
// session is kept for its data connections, and a group that the server knows is offered first. OpenSSL only.
// Private to this layer.
#pragma once

#include <atomic>
#include <memory>

// OpenSSL's own names for SSL, SSL_CTX and SSL_SESSION.
struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace outhaul {

/// Of one handle. Pinned while connections are open: their contexts hold its address.
struct TlsSessions {
  /// With TLS 1.3, offer the control connection's session on each of its data connections
  /// (TlsPolicy::hold_session).
  bool hold = false;
  /// Shared by all connections to one server: it chose P-256 for TLS 1.3, and is to be offered it first.
  std::atomic<bool>* p256_first = nullptr;

  std::shared_ptr<ssl_session_st> control;                  ///< the last one that the control connection got
  int (*tell_libcurl)(ssl_st*, ssl_session_st*) = nullptr;  ///< of the control connection's sessions
};

/// `context` is that of a connection whose handshake is about to begin.
void tend_sessions(ssl_ctx_st* context, TlsSessions& sessions, bool data_connection) noexcept;

}  // namespace outhaul
