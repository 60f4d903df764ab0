// What tls_session.h does to a connection's context, between an OpenSSL client and an OpenSSL server in
// memory.
#include "remote/tls_session.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "support/catch.h"

namespace outhaul {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* thing) const noexcept {
    Free(thing);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Side = std::unique_ptr<SSL, Freed<SSL_free>>;

int hellos = 0;         // of the client that is at work
int sessions_told = 0;  // to the one who stands for libcurl

void count_hellos(int sent, int, int type, const void* data, std::size_t size, SSL*, void*) {
  const bool hello = size > 0 && *static_cast<const unsigned char*>(data) == SSL3_MT_CLIENT_HELLO;
  if (sent != 0 && type == SSL3_RT_HANDSHAKE && hello) ++hellos;
}

int libcurls(SSL*, SSL_SESSION*) {
  ++sessions_told;
  return 0;  // uses each ticket once, and has none left
}

class Server {
 public:
  explicit Server(const char* groups) : context_(SSL_CTX_new(TLS_server_method())) {
    const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key{EVP_EC_gen("P-256")};
    const std::unique_ptr<X509, Freed<X509_free>> certificate{X509_new()};
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    REQUIRE(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
    if (groups != nullptr) REQUIRE(SSL_CTX_set1_groups_list(context_.get(), groups) == 1);
    SSL_CTX_set_session_id_context(context_.get(), reinterpret_cast<const unsigned char*>("x"), 1);
  }

  struct Met {
    bool resumed = false;
    int hellos = 0;
  };
  /// One connection of a client that has sessions tended as a Session does; it ends without a word.
  Met meet(TlsSessions& sessions, bool data_connection, int most = TLS1_3_VERSION) {
    const Context context{SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_max_proto_version(context.get(), most);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), libcurls);
    SSL_CTX_set_msg_callback(context.get(), count_hellos);
    tend_sessions(context.get(), sessions, data_connection);
    hellos = 0;
    const Side client{SSL_new(context.get())}, server{SSL_new(context_.get())};
    BIO *to_client = nullptr, *to_server = nullptr;
    REQUIRE(BIO_new_bio_pair(&to_client, 0, &to_server, 0) == 1);
    SSL_set_bio(client.get(), to_client, to_client);
    SSL_set_bio(server.get(), to_server, to_server);
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    REQUIRE(SSL_is_init_finished(client.get()));
    REQUIRE(SSL_is_init_finished(server.get()));
    char byte = 0;
    SSL_read(client.get(), &byte, 1);  // takes the tickets
    return {SSL_session_reused(server.get()) == 1, hellos};
  }

 private:
  Context context_;
};

TEST_CASE("pain 7: each data connection offers the control connection's TLS 1.3 session") {
  Server server(nullptr);
  TlsSessions sessions;
  sessions.hold = true;
  sessions_told = 0;
  CHECK_FALSE(server.meet(sessions, false).resumed);
  CHECK(sessions_told == 2);  // libcurl hears of its tickets all the same
  REQUIRE(sessions.control);
  const auto held = sessions.control;
  for (int i = 0; i < 5; ++i) CHECK(server.meet(sessions, true).resumed);
  CHECK(sessions.control == held);  // theirs aren't the control connection's

  CHECK_FALSE(server.meet(sessions, false).resumed);  // a new control connection begins anew
  CHECK(sessions.control != held);
}

TEST_CASE("sessions are left to libcurl where that keeps them, and with TLS 1.2") {
  Server server(nullptr);
  TlsSessions sessions;
  server.meet(sessions, false);
  CHECK_FALSE(sessions.control);
  CHECK_FALSE(server.meet(sessions, true).resumed);
  sessions.hold = true;
  server.meet(sessions, false, TLS1_2_VERSION);
  CHECK_FALSE(sessions.control);
}

TEST_CASE("a server that knows no group but P-256 asks for a second hello once") {
  Server narrow("P-256");
  std::atomic<bool> p256_first{false};
  TlsSessions sessions;
  sessions.p256_first = &p256_first;
  CHECK(narrow.meet(sessions, false).hellos == 2);
  CHECK(p256_first);
  CHECK(narrow.meet(sessions, true).hellos == 1);
  CHECK(narrow.meet(sessions, false).hellos == 1);
}

TEST_CASE("a server that knows the library's first choice is offered it") {
  Server server(nullptr);
  std::atomic<bool> p256_first{false};
  TlsSessions sessions;
  sessions.p256_first = &p256_first;
  CHECK(server.meet(sessions, false).hellos == 1);
  CHECK_FALSE(p256_first);
  Server old("P-256");  // with TLS 1.2 nothing is guessed
  CHECK(old.meet(sessions, false, TLS1_2_VERSION).hellos == 1);
  CHECK_FALSE(p256_first);
}

}  // namespace
}  // namespace outhaul
