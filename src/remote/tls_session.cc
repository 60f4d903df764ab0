#include "remote/tls_session.h"

#include <openssl/objects.h>
#include <openssl/ssl.h>

#include "remote/tls_policy.h"

namespace outhaul {
namespace {

/// Where a context keeps the address of its TlsSessions.
int place() noexcept {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsSessions* sessions_of(const SSL* ssl) noexcept {
  return static_cast<TlsSessions*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place()));
}

void note_group(SSL* ssl, TlsSessions& sessions) noexcept {
  if (sessions.p256_first == nullptr || SSL_version(ssl) != TLS1_3_VERSION) return;
  const char* name = OBJ_nid2sn(static_cast<int>(SSL_get_negotiated_group(ssl)));
  if (name != nullptr && groups_for(name) != nullptr) *sessions.p256_first = true;
}

/// A copy: OpenSSL calls a session spoilt when a connection that used it ends without a word.
void offer_control_session(SSL* ssl, const TlsSessions& sessions) noexcept {
  if (!sessions.hold || !sessions.control) return;
  SSL_SESSION* copy = SSL_SESSION_dup(sessions.control.get());
  if (copy == nullptr) return;
  SSL_set_session(ssl, copy);
  SSL_SESSION_free(copy);
}

extern "C" {

/// Before the first hello, after libcurl has chosen a session.
void outhaul_data_handshake(const SSL* ssl, int where, int) noexcept {
  TlsSessions* sessions = sessions_of(ssl);
  if (sessions != nullptr && (where & SSL_CB_HANDSHAKE_START) != 0)
    offer_control_session(const_cast<SSL*>(ssl), *sessions);
}

void outhaul_control_handshake(const SSL* ssl, int where, int) noexcept {
  TlsSessions* sessions = sessions_of(ssl);
  if (sessions != nullptr && (where & SSL_CB_HANDSHAKE_DONE) != 0)
    note_group(const_cast<SSL*>(ssl), *sessions);
}

/// A ticket has come on the control connection.
int outhaul_keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
  TlsSessions* sessions = sessions_of(ssl);
  if (sessions == nullptr) return 0;
  try {
    if (SSL_version(ssl) == TLS1_3_VERSION)
      sessions->control = std::shared_ptr<SSL_SESSION>(SSL_SESSION_dup(session), SSL_SESSION_free);
  } catch (...) {  // the one before is as good
  }
  return sessions->tell_libcurl != nullptr ? sessions->tell_libcurl(ssl, session) : 0;
}
}

void keep_sessions(SSL_CTX* context, TlsSessions& sessions) noexcept {
  sessions.control.reset();
  const auto libcurls = SSL_CTX_sess_get_new_cb(context);
  if (!sessions.hold || libcurls == nullptr) return;
  sessions.tell_libcurl = libcurls;
  SSL_CTX_sess_set_new_cb(context, outhaul_keep_session);
}

}  // namespace

void tend_sessions(SSL_CTX* context, TlsSessions& sessions, bool data_connection) noexcept {
  if (SSL_CTX_set_ex_data(context, place(), &sessions) != 1) return;
  if (sessions.p256_first != nullptr && *sessions.p256_first)
    SSL_CTX_set1_groups_list(context, groups_for("prime256v1"));
  SSL_CTX_set_info_callback(context, data_connection ? outhaul_data_handshake : outhaul_control_handshake);
  if (!data_connection) keep_sessions(context, sessions);
}

}  // namespace outhaul
