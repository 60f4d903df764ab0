#include "remote/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "base/digest.h"
#include "outhaul/paths.h"
#include "remote/curl.h"
#include "remote/tls_policy.h"

namespace outhaul {
namespace {

struct BioDeleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct NamesDeleter {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
using Memory = std::unique_ptr<BIO, BioDeleter>;

constexpr std::size_t kMaxName = 200;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  const auto length = static_cast<std::size_t>(size > 0 ? size : 0);
  return printable(std::string_view(data, length < kMaxName ? length : kMaxName));
}

std::string name_text(const X509_NAME* name) {
  Memory bio{BIO_new(BIO_s_mem())};
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  return text_of(bio.get());
}

std::string time_text(const ASN1_TIME* time) {
  Memory bio{BIO_new(BIO_s_mem())};
  if (!bio || ASN1_TIME_print(bio.get(), time) != 1) return {};
  return text_of(bio.get());
}

std::string names_text(X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, NamesDeleter> names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  if (!names) return {};
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && text.size() < kMaxName; ++i) {
    Memory bio{BIO_new(BIO_s_mem())};
    if (!bio || GENERAL_NAME_print(bio.get(), sk_GENERAL_NAME_value(names.get(), i)) != 1) continue;
    if (!text.empty()) text += ", ";
    std::string name = text_of(bio.get());
    text += name.starts_with("DNS:") ? name.substr(4) : name;
  }
  return text;
}

std::string base64(const Sha256Digest& digest) {
  unsigned char text[64] = {};
  const int length = EVP_EncodeBlock(text, reinterpret_cast<const unsigned char*>(digest.data()),
                                     static_cast<int>(digest.size()));
  return std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
}

/// RFC 7469 §2.4: the hash of the DER-encoded SubjectPublicKeyInfo.
std::string pin_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return {};
  Sha256 hash;
  hash.update(std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)));
  OPENSSL_free(der);
  return "sha256//" + base64(hash.finish());
}

void record(PeerCertificate& seen, X509_STORE_CTX* chain) {
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  if (leaf == nullptr) return;
  seen.pin = pin_of(leaf);
  seen.subject = name_text(X509_get_subject_name(leaf));
  seen.issuer = name_text(X509_get_issuer_name(leaf));
  seen.names = names_text(leaf);
  seen.not_before = time_text(X509_get0_notBefore(leaf));
  seen.not_after = time_text(X509_get0_notAfter(leaf));
  seen.verify_error = X509_STORE_CTX_get_error(chain);
  seen.verify_text = X509_verify_cert_error_string(seen.verify_error);
}

extern "C" {

int outhaul_verify_chain(X509_STORE_CTX* chain, void* seen) noexcept {
  const int verdict = X509_verify_cert(chain);
  try {
    record(*static_cast<PeerCertificate*>(seen), chain);
  } catch (...) {  // only the message would be poorer
  }
  return verdict;
}

/// The first five bytes of each record, seen before OpenSSL finds that they are none: "421 T".
void outhaul_record_header(int sent, int, int type, const void* data, std::size_t size, SSL*,
                           void* seen) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  if (sent != 0 || type != SSL3_RT_HEADER || size < 4 || (bytes[3] != ' ' && bytes[3] != '-')) return;
  int code = 0;
  for (int i = 0; i < 3; ++i) {
    if (bytes[i] < '0' || bytes[i] > '9') return;
    code = code * 10 + (bytes[i] - '0');
  }
  static_cast<PeerCertificate*>(seen)->plain_code = code;
}

CURLcode outhaul_ssl_context(CURL*, void* context, void* watched) noexcept {
  auto& watch = *static_cast<TlsWatch*>(watched);
  PeerCertificate* const seen = &watch.seen;
  const bool data_connection = std::exchange(watch.control_secured, true);
  tend_sessions(static_cast<SSL_CTX*>(context), watch.sessions, data_connection);
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), outhaul_verify_chain, seen);
  SSL_CTX_set_msg_callback(static_cast<SSL_CTX*>(context), outhaul_record_header);
  SSL_CTX_set_msg_callback_arg(static_cast<SSL_CTX*>(context), seen);
  return CURLE_OK;
}
}

}  // namespace

bool PeerCertificate::self_signed() const noexcept {
  return verify_error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

bool PeerCertificate::of_unknown_authority() const noexcept {
  return verify_error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         verify_error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         verify_error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

bool PeerCertificate::expired() const noexcept {
  return verify_error == X509_V_ERR_CERT_HAS_EXPIRED;
}

void watch_certificate(void* curl_handle, TlsWatch* watch) {
  if (!running_tls_library().openssl) return;
  set_option(curl_handle, CURLOPT_SSL_CTX_FUNCTION, &outhaul_ssl_context);
  set_option(curl_handle, CURLOPT_SSL_CTX_DATA, static_cast<void*>(watch));
}

}  // namespace outhaul
