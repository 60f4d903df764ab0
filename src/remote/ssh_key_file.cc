#include "remote/ssh_key_file.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

namespace outhaul {
namespace {

using Kind = SshKeyFile::Kind;

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

Kind kind_of(std::string_view name) {
  if (name.starts_with("ssh-ed25519")) return Kind::ed25519;
  if (name.starts_with("ecdsa-sha2-")) return Kind::ecdsa;
  if (name.starts_with("ssh-rsa")) return Kind::rsa;
  if (name.starts_with("ssh-dss")) return Kind::dsa;
  return Kind::unknown;
}

/// The base64 between the BEGIN and the END line; as much of it as `most` bytes need.
std::string body_of(std::string_view text, std::size_t most) {
  std::string body;
  const std::size_t begin = text.find('\n', text.find("-----BEGIN "));
  if (begin == std::string_view::npos) return {};
  for (const char c : text.substr(begin)) {
    if (c == '-' || body.size() >= most * 4 / 3) break;
    if (c != '\n' && c != '\r' && c != ' ') body += c;
  }
  body.resize(body.size() / 4 * 4);
  std::string bytes(body.size(), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(body.data()), static_cast<int>(body.size()));
  bytes.resize(static_cast<std::size_t>(std::max(length, 0)));
  return bytes;
}

/// Takes a string with its length before it (RFC 4251 §5).
std::string_view take_string(std::string_view& bytes) {
  if (bytes.size() < 4) return bytes = {};
  std::size_t length = 0;
  for (const char c : bytes.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(c);
  bytes.remove_prefix(4);
  const std::string_view taken = bytes.substr(0, std::min(length, bytes.size()));
  bytes.remove_prefix(taken.size());
  return taken;
}

/// "openssh-key-v1", NUL, cipher, kdf, its options, the number of keys, the first public key.
SshKeyFile inspect_openssh(std::string_view text) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  const std::string bytes = body_of(text, 600);
  std::string_view rest = bytes;
  SshKeyFile file;
  if (!rest.starts_with(kMagic)) return file;
  rest.remove_prefix(kMagic.size());
  file.encrypted = take_string(rest) != "none";
  take_string(rest);
  take_string(rest);
  rest.remove_prefix(std::min<std::size_t>(4, rest.size()));
  std::string_view key = take_string(rest);
  file.kind = kind_of(take_string(key));
  return file;
}

}  // namespace

SshKeyFile inspect_ssh_key(std::string_view text) {
  if (has(text, "-----BEGIN OPENSSH PRIVATE KEY-----")) return inspect_openssh(text);
  if (text.starts_with("PuTTY-User-Key-File-")) return {Kind::putty, false};
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-")) return {Kind::public_key, false};
  const bool encrypted = has(text, "Proc-Type: 4,ENCRYPTED") || has(text, "BEGIN ENCRYPTED PRIVATE KEY");
  if (has(text, "-----BEGIN RSA PRIVATE KEY-----")) return {Kind::rsa, encrypted};
  if (has(text, "-----BEGIN DSA PRIVATE KEY-----")) return {Kind::dsa, encrypted};
  if (has(text, "-----BEGIN EC PRIVATE KEY-----")) return {Kind::ecdsa, encrypted};
  return {Kind::unknown, encrypted};
}

}  // namespace outhaul
