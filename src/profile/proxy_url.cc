#include "profile/proxy_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "outhaul/ascii_case.h"
#include "profile/url_parts.h"

namespace outhaul {
namespace {

constexpr std::array<std::string_view, 5> kSchemes{"http", "socks4", "socks4a", "socks5", "socks5h"};
constexpr const char* kProxyUrlShape = "write it as http://PROXY:PORT or socks5h://PROXY:PORT";

std::string proxy_scheme_of(std::string_view word) {
  const std::string scheme = ascii_lower(word);
  if (std::ranges::find(kSchemes, scheme) != kSchemes.end()) return scheme;
  if (scheme == "https")
    refuse_url("the scheme https, which is TLS to the proxy itself",
               "use http://: the server's own TLS goes "
               "through the proxy untouched");
  if (scheme == "socks")
    refuse_url("the scheme socks", "say which: socks5h://, socks5://, socks4a://, socks4://");
  refuse_url(unknown_scheme(word), kProxyUrlShape);
}

[[noreturn]] void refuse_proxy_password() {
  refuse_url("a password in the URL, where other people and programs can see it",
             "take it out of the URL and say where it comes from: {\"url\": \"…\", \"password\": {\"file\": "
             "\"/PATH\"}}");
}

}  // namespace

ProxySettings parse_proxy_url(std::string_view url) {
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) refuse_url("no scheme with \"://\"", kProxyUrlShape);
  ProxySettings proxy;
  const std::string scheme = proxy_scheme_of(url.substr(0, separator));
  std::string_view rest = url.substr(separator + 3);
  if (hides_password(rest)) refuse_proxy_password();
  if (const std::size_t at = rest.substr(0, rest.find('/')).rfind('@'); at != std::string_view::npos) {
    if (rest.substr(0, at).find(':') != std::string_view::npos) refuse_proxy_password();
    proxy.user = user_of(rest.substr(0, at));
    // HTTP's Basic puts a ':' between user and password (RFC 7617 §2), and so does libcurl.
    if (proxy.user.find(':') != std::string::npos)
      refuse_url("a ':' in the user name", "no proxy can be told it");
    rest.remove_prefix(at + 1);
  }
  refuse_raw_characters(rest);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) refuse_url("a path behind the proxy's port", kProxyUrlShape);
  const HostAndPort at = host_and_port_of(rest, scheme, kProxyUrlShape);
  if (at.port == 0) refuse_url("no port", "proxies have no usual one: write http://PROXY:3128");
  proxy.url = fmt::format("{}://{}", scheme, rest);
  return proxy;
}

bool takes_password(const ProxySettings& proxy) {
  return !proxy.url.starts_with("socks4");
}

}  // namespace outhaul
