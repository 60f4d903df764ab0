// What goes wrong between us and a proxy, and how libcurl is told of one. Private to this layer.
#pragma once

#include "outhaul/profile.h"
#include "remote/curl.h"
#include "remote/login.h"
#include "remote/proxy_fault.h"

namespace outhaul {

/// Always through the proxy, data connections too, whatever the environment says; with HTTP always as a
/// tunnel (CONNECT), never as a translator of FTP.
void set_proxy(CURL* easy, const ProxySettings& proxy, const Login& login);

/// `connect_code` is the status of the last CONNECT, 0 for none; `socks_error` a CURLproxycode. Pure.
ProxyFault judge_proxy(CURLcode code, long connect_code, long socks_error);

/// The same for what `easy` has just done.
ProxyFault judge_proxy(CURL* easy, CURLcode code, const ProxySettings& proxy);
ProxyStory proxy_story(CURL* easy, CURLcode code, const ProxySettings& proxy);

}  // namespace outhaul
