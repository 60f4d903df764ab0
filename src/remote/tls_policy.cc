#include "remote/tls_policy.h"

#include <curl/curl.h>

namespace outhaul {
namespace {

constexpr unsigned version(unsigned major, unsigned minor) noexcept {
  return (major << 16) | (minor << 8);
}

}  // namespace

SessionCare session_care(const TlsLibrary& library) noexcept {
  if (library.version >= version(8, 22)) return SessionCare::kept;   // curl 84ecfb3ecc
  if (library.version >= version(8, 12)) return SessionCare::spent;  // since curl fa0ccd9f1f
  // GnuTLS was measured with 7.88.1 (nothing was stored), 8.14.1 (12 of 25) and 8.23.0 only.
  return library.version >= version(8, 9) && library.openssl ? SessionCare::kept : SessionCare::lost;
}

TlsPolicy tls_policy(const TlsLibrary& library) noexcept {
  const bool kept = session_care(library) == SessionCare::kept;
  return {.prefer_1_2 = !kept,
          .hold_session = !kept && library.openssl,
          .may_lack_session = !kept && !library.openssl};
}

const char* groups_for(std::string_view group) noexcept {
  return group == "prime256v1" ? "P-256:X25519:P-384:P-521" : nullptr;
}

TlsLibrary running_tls_library() noexcept {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  const bool openssl =
      info->ssl_version != nullptr && std::string_view(info->ssl_version).starts_with("OpenSSL/");
  return {info->version_num, openssl};
}

}  // namespace outhaul
