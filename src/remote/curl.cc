#include "remote/curl.h"

#include <fmt/format.h>

#include <csignal>
#include <mutex>
#include <new>
#include <string_view>

#include "outhaul/error.h"

namespace outhaul {
namespace {

bool speaks(const curl_version_info_data& info, std::string_view wanted) {
  for (const char* const* protocol = info.protocols; *protocol != nullptr; ++protocol)
    if (wanted == *protocol) return true;
  return false;
}

/// OpenSSL writes to its sockets without MSG_NOSIGNAL, and libcurl guards against that only without
/// CURLOPT_NOSIGNAL: a server that closes a TLS connection would end the process.
void ignore_sigpipe() {
  struct sigaction now {};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

void init_once() {
  if (const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK)
    throw Error(ErrorKind::internal, fmt::format("libcurl does not start: {}", curl_easy_strerror(code)));
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  if (!speaks(*info, "ftp") || !speaks(*info, "ftps"))
    throw Error(ErrorKind::internal,
                fmt::format("this libcurl ({}) was built without FTP or TLS", info->version),
                "install the libcurl of your distribution (Debian: libcurl4)");
  ignore_sigpipe();
}

}  // namespace

void init_curl() {
  static std::once_flag once;
  std::call_once(once, init_once);
}

bool curl_speaks(std::string_view protocol) {
  return speaks(*curl_version_info(CURLVERSION_NOW), protocol);
}

std::string curl_ssh_library() {
  const char* library = curl_version_info(CURLVERSION_NOW)->libssh_version;
  return curl_speaks("sftp") && library != nullptr ? library : "";
}

EasyHandle new_easy() {
  EasyHandle easy{curl_easy_init()};
  if (!easy) throw std::bad_alloc{};
  return easy;
}

MultiHandle new_multi() {
  MultiHandle multi{curl_multi_init()};
  if (!multi) throw std::bad_alloc{};
  return multi;
}

void append(Slist& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  if (grown == nullptr) throw std::bad_alloc{};
  static_cast<void>(list.release());
  list.reset(grown);
}

bool curl_older_than(unsigned major, unsigned minor) noexcept {
  return curl_version_info(CURLVERSION_NOW)->version_num < ((major << 16) | (minor << 8));
}

void throw_option_error(CURLoption option, CURLcode code) {
  throw Error(ErrorKind::internal,
              fmt::format("libcurl {} refuses option {}: {}", curl_version_info(CURLVERSION_NOW)->version,
                          static_cast<int>(option), curl_easy_strerror(code)));
}

}  // namespace outhaul
