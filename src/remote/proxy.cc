#include "remote/proxy.h"

#include <fmt/format.h>

#include "outhaul/paths.h"

namespace outhaul {

void set_proxy(CURL* easy, const ProxySettings& proxy, const Login& login) {
  set_option(easy, CURLOPT_PROXY, proxy.url.c_str());  // empty: none, whatever the environment says
  set_option(easy, CURLOPT_NOPROXY, "");
  if (!proxy.used()) return;
  set_option(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // they are no replies of the server
  set_option(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  set_option(easy, CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));
  if (proxy.user.empty()) return;
  set_option(easy, CURLOPT_PROXYUSERNAME, proxy.user.c_str());
  set_option(easy, CURLOPT_PROXYPASSWORD, login.proxy_password.c_str());
}

ProxyFault judge_proxy(CURLcode code, long connect_code, long socks_error) {
  if (code == CURLE_OK) return ProxyFault::none;
  if (connect_code == 407) return ProxyFault::login;
  if (connect_code >= 400 && connect_code < 500) return ProxyFault::refused;
  if (connect_code >= 300) return ProxyFault::failed;
  if (code == CURLE_COULDNT_RESOLVE_PROXY) return ProxyFault::failed;
  if (code != CURLE_PROXY) return ProxyFault::none;
  switch (socks_error) {
    case CURLPX_USER_REJECTED:
    case CURLPX_NO_AUTH:
    case CURLPX_IDENTD:
    case CURLPX_IDENTD_DIFFER:
    case CURLPX_UNKNOWN_MODE:
      return ProxyFault::login;
    case CURLPX_REPLY_NOT_ALLOWED:
    case CURLPX_REQUEST_FAILED:
      return ProxyFault::refused;
    default:
      return ProxyFault::failed;
  }
}

ProxyFault judge_proxy(CURL* easy, CURLcode code, const ProxySettings& proxy) {
  if (!proxy.used()) return ProxyFault::none;
  long connect_code = 0, socks_error = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_code);
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &socks_error);
  return judge_proxy(code, connect_code, socks_error);
}

ProxyStory proxy_story(CURL* easy, CURLcode code, const ProxySettings& proxy) {
  return {judge_proxy(easy, code, proxy), printable(proxy.url), proxy.user};
}

Words explain_proxy(const ProxyStory& story, const std::string& why) {
  switch (story.fault) {
    case ProxyFault::login:
      return {story.user.empty()
                  ? fmt::format("the proxy {} wants a user and a password ({})", story.url, why)
                  : fmt::format("the proxy {} refused the login of user \"{}\" ({})", story.url,
                                printable(story.user), why),
              "check the user in the proxy's URL and the \"password\" beside it, in \"proxy\""};
    case ProxyFault::refused:
      return {
          fmt::format("the proxy {} does not let us through ({})", story.url, why),
          "it must allow this server's port and, for the data connections, its passive ports: ask who runs "
          "the proxy, or try one that speaks SOCKS"};
    case ProxyFault::failed:
    case ProxyFault::none:
      break;
  }
  return {fmt::format("no connection through the proxy {}: {}", story.url, why),
          "check the host and the port in \"proxy\", and that the proxy runs and reaches the server"};
}

}  // namespace outhaul
