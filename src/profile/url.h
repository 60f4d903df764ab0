// ftp://user@host:port/path → RemoteSettings. Pure.
#pragma once

#include <string>
#include <string_view>

#include "outhaul/profile.h"

namespace outhaul {

/// Fills scheme, host, port, user, base, absolute, url. "//path" or "/%2Fpath" is absolute (RFC 1738 §3.2.2),
/// "/path" is relative to the login directory, with sftp:// too. Percent escapes are decoded, then checked:
/// control bytes, "..", "?query" and "#fragment" are refused, a password in the URL is refused with the ways
/// to give it. Throws Error{profile} whose message fits behind "url: ".
RemoteSettings parse_remote_url(std::string_view url);

}  // namespace outhaul
