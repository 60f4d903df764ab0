#include "support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Bio = std::unique_ptr<BIO, Free>;

void check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("making test certificates: ") + what);
}

void extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

Certificate unsigned_certificate(const char* name, long serial, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "X509_new");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10 * 24L * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

Certificate make_authority(EVP_PKEY* key) {
  Certificate ca = unsigned_certificate("outhaul test authority", 1, key);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(ca.get(), key, EVP_sha256()) > 0, "signing the authority");
  return ca;
}

Certificate make_server(EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key, const std::string& names) {
  Certificate server = unsigned_certificate("localhost", 2, key);
  X509_set_issuer_name(server.get(), X509_get_subject_name(ca));
  extend(server.get(), ca, NID_basic_constraints, "CA:FALSE");
  extend(server.get(), ca, NID_ext_key_usage, "serverAuth");
  extend(server.get(), ca, NID_subject_alt_name, names.c_str());
  check(X509_sign(server.get(), ca_key, EVP_sha256()) > 0, "signing the server's certificate");
  return server;
}

Certificate make_client(const char* name, EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key) {
  Certificate client = unsigned_certificate(name, 3, key);
  X509* const issuer = ca != nullptr ? ca : client.get();
  X509_set_issuer_name(client.get(), X509_get_subject_name(issuer));
  extend(client.get(), issuer, NID_basic_constraints, "CA:FALSE");
  extend(client.get(), issuer, NID_ext_key_usage, "clientAuth");
  check(X509_sign(client.get(), ca_key, EVP_sha256()) > 0, "signing the client's certificate");
  return client;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  return text_of(bio.get());
}

std::string locked_pem(EVP_PKEY* key, std::string_view password) {
  const Bio bio(BIO_new(BIO_s_mem()));
  const auto* bytes = reinterpret_cast<const unsigned char*>(password.data());
  check(PEM_write_bio_PrivateKey(bio.get(), key, EVP_aes_128_cbc(), bytes, static_cast<int>(password.size()),
                                 nullptr, nullptr) == 1,
        "writing a locked key");
  return text_of(bio.get());
}

std::string pin_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  check(size > 0, "the public key");
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<std::size_t>(size), digest);
  OPENSSL_free(der);
  unsigned char base64[64];
  const int length = EVP_EncodeBlock(base64, digest, sizeof digest);
  return "sha256//" + std::string(reinterpret_cast<char*>(base64), static_cast<std::size_t>(length));
}

}  // namespace

Certificates make_certificates(const std::filesystem::path& dir, const std::string& names) {
  const Key ca_key(EVP_EC_gen("P-256")), key(EVP_EC_gen("P-256"));
  check(ca_key && key, "keys");
  const Certificate ca = make_authority(ca_key.get());
  const Certificate server = make_server(key.get(), ca.get(), ca_key.get(), names);
  Certificates made{dir / "ca.pem",          dir / "server.pem",        dir / "server.key",
                    dir / "server-both.pem", pin_of(key.get()),         dir / "client.pem",
                    dir / "client.key",      dir / "client-locked.key", dir / "stranger.pem"};
  write_file(made.ca, pem(ca.get()));
  write_file(made.chain, pem(server.get()));
  write_file(made.key, pem(key.get()));
  write_file(made.both, pem(key.get()) + pem(server.get()));
  const Key client_key(EVP_EC_gen("P-256"));
  check(client_key != nullptr, "keys");
  write_file(made.client, pem(make_client("tester", client_key.get(), ca.get(), ca_key.get()).get()));
  write_file(made.client_key, pem(client_key.get()));
  write_file(made.client_locked_key, locked_pem(client_key.get(), kClientKeyPassword));
  write_file(made.stranger,
             pem(client_key.get()) +
                 pem(make_client("stranger", client_key.get(), nullptr, client_key.get()).get()));
  return made;
}

}  // namespace outhaul::test
