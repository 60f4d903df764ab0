// libcurl's handles as owned values. Private to this layer.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

namespace outhaul {

/// CURL and CURLM may both be void, so each type of handle has a deleter of its own.
struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct SlistDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;
using Slist = std::unique_ptr<curl_slist, SlistDeleter>;

/// Initialises libcurl for the whole process, once; thread-safe. Throws Error{internal} when libcurl has no
/// FTP or TLS.
void init_curl();
/// Whether the libcurl that runs was built with this protocol: "sftp".
bool curl_speaks(std::string_view protocol);
/// Its SSH library: "libssh2/1.11.1", "libssh/0.11.5/openssl/zlib"; empty: none.
std::string curl_ssh_library();
EasyHandle new_easy();
MultiHandle new_multi();
void append(Slist& list, const std::string& line);

/// True when the libcurl that runs is older than major.minor.0 (the headers may be of another version).
bool curl_older_than(unsigned major, unsigned minor) noexcept;

[[noreturn]] void throw_option_error(CURLoption option, CURLcode code);

/// curl_easy_setopt that is checked; throws Error{internal}.
template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
    throw_option_error(option, code);
}

}  // namespace outhaul
