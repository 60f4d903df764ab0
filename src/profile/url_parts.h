// What the URLs of remotes and proxies have in common. Pure. Everything throws Error{profile} whose message
// fits behind the name of the key, and never quotes what may be a secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outhaul {

[[noreturn]] void refuse_url(const std::string& message, const std::string& advice = {});

/// RFC 3986 §2.1. `part` names the part of the URL for messages.
std::string percent_decoded(std::string_view text, std::string_view part);

/// Nothing of it may ever start a second FTP command (RFC 959 §5.3) or be taken for telnet's IAC (RFC 854).
void refuse_unsafe_bytes(std::string_view bytes, std::string_view part);

/// Control bytes, spaces, '?' and '#': none has a meaning in these URLs.
void refuse_raw_characters(std::string_view url);

/// A scheme's name for messages, in quotes. Text that merely stands before a "://" may be anything, a
/// password included: only a scheme's letters are shown.
std::string unknown_scheme(std::string_view word);

/// The decoded text before the last '@': providers like user names that hold one.
std::string user_of(std::string_view userinfo);

struct HostAndPort {
  std::string host;        ///< without brackets for IPv6
  std::uint16_t port = 0;  ///< 0: none was said
};
/// `shape` is the advice when there is no host; `scheme` is for the examples.
HostAndPort host_and_port_of(std::string_view text, std::string_view scheme, const std::string& shape);

/// True when `rest`, which stands behind "://", has a '/' in a password: it would end the authority too
/// early; then a '@' comes later and the supposed port isn't one.
bool hides_password(std::string_view rest);

}  // namespace outhaul
