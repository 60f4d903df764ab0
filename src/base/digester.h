// The digests that servers compute of their files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace outhaul {

/// What a server may offer, the weakest first. Weaker than SHA-256 is good enough against accidents, which is
/// what a proof of upload is about.
enum class DigestKind : std::uint8_t { crc32, md5, sha1, sha512, sha256 };
/// As FTP's HASH command calls it: "SHA-256", "CRC32", …
std::string_view to_string(DigestKind kind) noexcept;
std::size_t hex_digits(DigestKind kind) noexcept;

/// Computes one of them.
class Digester {
 public:
  explicit Digester(DigestKind kind);
  ~Digester();
  Digester(Digester&&) noexcept;
  Digester& operator=(Digester&&) noexcept;
  void update(std::span<const std::byte> data);
  /// In lower-case hex; ends the computation, like Sha256::finish().
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace outhaul
