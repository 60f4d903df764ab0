#include "profile/decode_proxy.h"

#include <fmt/format.h>

#include <optional>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "profile/decode_secret.h"
#include "profile/keys.h"
#include "profile/proxy_url.h"

namespace outhaul {
namespace {

std::optional<ProxySettings> read_proxy_url(const Node& node) {
  const auto text = node.string(kProxyShape);
  if (!text) return std::nullopt;
  try {
    return parse_proxy_url(*text);
  } catch (const Error& error) {
    node.fault_found(error.what(), kProxyShape, error.advice());
    return std::nullopt;
  }
}

void check_password(const Node& password, const ProxySettings& proxy) {
  if (!takes_password(proxy))
    password.fault_found("a password for a SOCKS 4 proxy, which has none", "no \"password\"",
                         "remove it, or use socks5h:// if the proxy speaks it");
  else if (proxy.user.empty())
    password.fault_found("a password, but no user in the proxy's URL",
                         "a user: \"url\": \"http://USER@PROXY:3128\"",
                         "name the user in the URL, or remove the password");
}

}  // namespace

ProxySettings read_proxy(const Node& node, const std::filesystem::path& folder) {
  ProxySettings proxy;
  const bool object = node.is(JsonValue::Kind::object);
  if (object && !node.object(proxy_keys(), kProxyShape)) return proxy;
  const auto url = object ? node.need("url", kProxyShape) : std::optional(node);
  const auto parsed = url ? read_proxy_url(*url) : std::nullopt;
  if (parsed) proxy = *parsed;
  const auto password = object ? node.find("password") : std::nullopt;
  if (password) proxy.password = read_secret(*password, folder, "the proxy's password");
  if (!parsed) return proxy;
  if (password)
    check_password(*password, proxy);
  else if (!proxy.user.empty() && takes_password(proxy))
    node.fault_found(fmt::format("the proxy's user {}, but no password", printable(proxy.user)),
                     "{\"url\": \"…\", \"password\": {\"file\": \"/PATH\"}}",
                     "say where the password is, or leave the user out");
  return proxy;
}

}  // namespace outhaul
