#include "remote/known_hosts.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "outhaul/ascii_case.h"

namespace outhaul {
namespace {

constexpr std::uint16_t kSshPort = 22;

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(std::max(length, 0)));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 64 * 1024) return std::nullopt;
  std::string bytes(text.size(), '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string known_name(std::string_view host, std::uint16_t port) {
  const std::string name = ascii_lower(host);
  return port == 0 || port == kSshPort ? name : fmt::format("[{}]:{}", name, port);
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

/// '*' and '?' as in ssh_config(5).
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// "|1|SALT|HASH": HMAC-SHA1 of the name with the salt as key.
bool matches_hash(std::string_view hashed, const std::string& name) {
  const std::size_t bar = hashed.find('|', 3);
  if (bar == std::string_view::npos) return false;
  const auto salt = from_base64(hashed.substr(3, bar - 3));
  const auto wanted = from_base64(hashed.substr(bar + 1));
  if (!salt || !wanted) return false;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
           reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest, &length) == nullptr)
    return false;
  return *wanted == std::string_view(reinterpret_cast<const char*>(digest), length);
}

bool names_host(std::string_view names, const std::string& name) {
  if (names.starts_with("|1|")) return matches_hash(names, name);
  bool named = false;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    std::string_view pattern = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (pattern.empty() || !matches(ascii_lower(pattern), name)) continue;
    if (negated) return false;
    named = true;
  }
  return named;
}

}  // namespace

KnownKeys known_keys(std::string_view text, std::string_view host, std::uint16_t port) {
  const std::string name = known_name(host, port);
  KnownKeys known;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string_view first = next_word(line);
    if (first.empty() || first.starts_with('#')) continue;
    const bool revoked = first == "@revoked";
    if (first.starts_with('@') && !revoked) continue;
    if (revoked) first = next_word(line);
    if (!names_host(first, name)) continue;
    const std::string_view type = next_word(line);
    auto blob = from_base64(next_word(line));
    if (!blob || key_type_of(*blob) != type) continue;
    (revoked ? known.revoked : known.accepted).push_back(std::move(*blob));
  }
  return known;
}

std::string key_type_of(std::string_view blob) {
  if (blob.size() < 4) return {};
  std::size_t length = 0;
  for (const char c : blob.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(c);
  if (length == 0 || length > 64 || blob.size() < 4 + length) return {};
  const std::string_view type = blob.substr(4, length);
  const bool plain = std::all_of(type.begin(), type.end(), [](char c) { return c > ' ' && c < 0x7F; });
  return plain ? std::string(type) : std::string();
}

std::string key_fingerprint(std::string_view blob) {
  Sha256 hash;
  hash.update(blob);
  const Sha256Digest digest = hash.finish();
  std::string text = base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

std::string known_hosts_line(std::string_view host, std::uint16_t port, std::string_view type,
                             std::string_view blob) {
  // libssh2 reads no line whose key is shorter than a real one.
  const std::string key = blob.empty() ? std::string(64, 'A') : base64(blob);
  return fmt::format("{} {} {}", known_name(host, port), type, key);
}

}  // namespace outhaul
