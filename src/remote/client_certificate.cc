#include "remote/client_certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using File = std::unique_ptr<BIO, Free>;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what,
                         const std::string& advice) {
  ERR_clear_error();
  throw Error(ErrorKind::usage, fmt::format("\"{}\": {}", printable(file.native()), what), advice);
}

File open(const std::filesystem::path& path, const char* what, const char* member) {
  errno = 0;
  File file{BIO_new_file(path.c_str(), "r")};
  if (!file)
    refuse(
        path, fmt::format("the {} can't be read: {}", what, std::strerror(errno != 0 ? errno : EIO)),
        fmt::format("Check \"{}\" in the profile's \"tls\", and that the user who runs outhaul may read it.",
                    member));
  return file;
}

struct Password {
  const std::string& text;
  bool asked = false;
};

extern "C" int outhaul_key_password(char* buffer, int size, int, void* self) noexcept {
  auto& password = *static_cast<Password*>(self);
  password.asked = true;
  const int length = std::min(size, static_cast<int>(password.text.size()));
  std::memcpy(buffer, password.text.data(), static_cast<std::size_t>(length));
  return length;
}

}  // namespace

void check_client_certificate(const TlsSettings& tls, const std::string& key_password) {
  if (tls.certificate.empty()) {
    if (!tls.key.empty())
      refuse(tls.key, "a client key without a client certificate",
             "Name the certificate with \"certificate\" in the profile's \"tls\".");
    return;
  }
  const File certificate_file = open(tls.certificate, "client certificate", "certificate");
  const std::unique_ptr<X509, Free> certificate{
      PEM_read_bio_X509(certificate_file.get(), nullptr, nullptr, nullptr)};
  if (!certificate)
    refuse(tls.certificate, "there is no certificate in PEM form in it",
           "It must hold a block that begins with -----BEGIN CERTIFICATE-----.");
  const std::filesystem::path& key_path = tls.key.empty() ? tls.certificate : tls.key;
  const File key_file = open(key_path, "client certificate's key", tls.key.empty() ? "certificate" : "key");
  Password password{key_password};
  const std::unique_ptr<EVP_PKEY, Free> key{
      PEM_read_bio_PrivateKey(key_file.get(), nullptr, &outhaul_key_password, &password)};
  if (!key && password.asked)
    refuse(key_path,
           key_password.empty() ? "the client certificate's key has a password, and the profile gives none"
                                : "the password does not open the client certificate's key",
           "Check \"key_password\" in the profile's \"tls\".");
  if (!key)
    refuse(key_path, "there is no private key in PEM form in it",
           tls.key.empty() ? "Name its file with \"key\" in the profile's \"tls\"."
                           : "It must hold a block that begins with -----BEGIN PRIVATE KEY-----.");
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    refuse(key_path,
           fmt::format("the key is not that of the client certificate in \"{}\"",
                       printable(tls.certificate.native())),
           "Name the key that the certificate was made for.");
}

}  // namespace outhaul
