#include "remote/proxy.h"

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

}  // namespace outhaul
