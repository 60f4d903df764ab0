#include "base/digester.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <new>
#include <stdexcept>

#include "base/digest.h"

namespace outhaul {
namespace {

struct Algorithm {
  std::string_view name;
  std::size_t bytes;
  const EVP_MD* (*evp)();  ///< none: zlib computes it
};

const Algorithm& algorithm(DigestKind kind) noexcept {
  static constexpr Algorithm crc32{"CRC32", 4, nullptr}, md5{"MD5", 16, EVP_md5}, sha1{"SHA-1", 20, EVP_sha1},
      sha512{"SHA-512", 64, EVP_sha512}, sha256{"SHA-256", 32, EVP_sha256};
  switch (kind) {
    case DigestKind::crc32:
      return crc32;
    case DigestKind::md5:
      return md5;
    case DigestKind::sha1:
      return sha1;
    case DigestKind::sha512:
      return sha512;
    case DigestKind::sha256:
      break;
  }
  return sha256;
}

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string_view to_string(DigestKind kind) noexcept {
  return algorithm(kind).name;
}

std::size_t hex_digits(DigestKind kind) noexcept {
  return 2 * algorithm(kind).bytes;
}

struct Digester::Context {
  explicit Context(DigestKind kind) {
    const Algorithm& chosen = algorithm(kind);
    if (chosen.evp == nullptr) return;
    evp.reset(EVP_MD_CTX_new());
    if (!evp) throw std::bad_alloc();
    if (EVP_DigestInit_ex(evp.get(), chosen.evp(), nullptr) != 1)
      throw std::runtime_error("OpenSSL offers no " + std::string(chosen.name));
  }

  std::unique_ptr<EVP_MD_CTX, ContextDeleter> evp;
  uLong crc = ::crc32_z(0, nullptr, 0);  ///< without an evp
};

Digester::Digester(DigestKind kind) : context_(std::make_unique<Context>(kind)) {}
Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;

void Digester::update(std::span<const std::byte> data) {
  if (!context_->evp)
    context_->crc = ::crc32_z(context_->crc, reinterpret_cast<const Bytef*>(data.data()), data.size());
  else if (EVP_DigestUpdate(context_->evp.get(), data.data(), data.size()) != 1)
    throw std::runtime_error("a digest failed");
}

std::string Digester::finish() {
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 4;
  if (!context_->evp) {
    for (unsigned i = 0; i < size; ++i) digest[i] = static_cast<std::byte>(context_->crc >> (24 - 8 * i));
  } else if (EVP_DigestFinal_ex(context_->evp.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                &size) != 1) {
    throw std::runtime_error("a digest failed");
  }
  return to_hex(std::span(digest).first(size));
}

}  // namespace outhaul
