#include "profile/decode_tls.h"

#include <array>

#include "profile/base64_digest.h"
#include "profile/decode_secret.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"

namespace outhaul {
namespace {

constexpr const char* kPin = "\"sha256//\" and the base64 of the 32 bytes of a SHA-256";

void read_pin(const Node& node, TlsSettings& tls) {
  const auto text = node.string(kPin);
  if (!text) return;
  if (!is_pin(*text)) {
    node.fault(kPin, text->find(';') != std::string::npos
                         ? "write several pins as an array: [\"sha256//…\", \"sha256//…\"]"
                         : "");
    return;
  }
  tls.pins.push_back(*text);
}

/// The server: authorities, pins, whether they count.
void read_server(const Node& node, const std::filesystem::path& folder, TlsSettings& tls) {
  if (const auto ca = node.find("ca"))
    if (const auto path = read_local_path(*ca, folder)) tls.ca = *path;
  const auto pin = node.find("pin");
  if (pin && pin->is(JsonValue::Kind::array)) {
    for (const Node& item : pin->items("a pin, or an array of at least one", 1)) read_pin(item, tls);
  } else if (pin) {
    read_pin(*pin, tls);
  }
  const auto verify = node.find("verify");
  if (!verify) return;
  tls.verify = verify->boolean().value_or(true);
  if (!tls.verify && !pin)
    verify->fault(
        "true, or false together with a \"pin\"",
        "without either anybody can pose as the server: add \"pin\": \"sha256//…\", or name the server's own "
        "certificate authority with \"ca\" instead");
}

/// Our own certificate.
void read_client(const Node& node, const std::filesystem::path& folder, TlsSettings& tls) {
  const auto certificate = node.find("certificate");
  if (certificate)
    if (const auto path = read_local_path(*certificate, folder)) tls.certificate = *path;
  const auto key = node.find("key");
  if (key)
    if (const auto path = read_local_path(*key, folder)) tls.key = *path;
  const auto password = node.find("key_password");
  if (password) tls.key_password = read_secret(*password, folder, "the key's password");
  if (certificate) return;
  constexpr const char* kCertificate =
      "\"certificate\" beside it: the client certificate that the key is for";
  if (key) key->fault_found("a \"key\" without a \"certificate\"", kCertificate);
  if (password) password->fault_found("a \"key_password\" without a \"certificate\"", kCertificate);
}

}  // namespace

bool is_pin(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256//";
  return text.starts_with(kPrefix) && text.ends_with('=') &&
         is_base64_digest(text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1));
}

TlsSettings read_tls(const Node& node, const std::filesystem::path& folder) {
  constexpr const char* kTls = "\"off\", or an object with \"ca\", \"pin\", \"verify\", \"certificate\" …";
  constexpr std::array<std::string_view, 2> kVersions{"1.2", "1.3"};
  TlsSettings tls;
  if (node.is(JsonValue::Kind::string) && node.value().text == "off") {
    tls.off = true;
  } else if (node.is(JsonValue::Kind::boolean)) {
    node.fault(kTls, node.value().boolean ? "TLS is on without being asked for: leave the key out"
                                          : "to allow plaintext, write \"tls\": \"off\"");
  } else if (node.object(tls_keys(), kTls)) {
    read_server(node, folder, tls);
    read_client(node, folder, tls);
    if (const auto version = node.find("max_version"))
      if (const auto word = version->word(kVersions)) tls.max_version = kVersions[*word];
  }
  return tls;
}

}  // namespace outhaul
