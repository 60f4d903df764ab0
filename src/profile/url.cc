#include "profile/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "outhaul/error.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& advice = {}) {
  throw Error(ErrorKind::profile, message, advice);
}

constexpr const char* kShape =
    "write it as ftp://USER@HOST/DIRECTORY, ftps://USER@HOST/DIRECTORY or file:///DIRECTORY";

bool is_control(char c) {
  return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// RFC 3986 §2.1. `part` names the part of the URL for messages; the text itself may be a secret and isn't
/// shown.
std::string percent_decoded(std::string_view text, std::string_view part) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      refuse(fmt::format("a '%' in the {} that two hex digits don't follow", part),
             "write a percent sign as %25");
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

/// Nothing of it may ever start a second FTP command (RFC 959 §5.3) or be taken for telnet's IAC (RFC 854).
void refuse_unsafe_bytes(std::string_view bytes, std::string_view part) {
  for (const char c : bytes)
    if (is_control(c) || c == '\xFF')
      refuse(fmt::format("the byte 0x{:02X} in the {}", static_cast<std::uint8_t>(c), part),
             "no FTP server can be sent this byte; rename the directory or the account");
}

void refuse_raw_characters(std::string_view url) {
  for (const char c : url) {
    if (is_control(c))
      refuse(fmt::format("the control byte 0x{:02X}", static_cast<std::uint8_t>(c)), "remove it");
    if (c == ' ') refuse("a space", "write a space as %20");
    if (c == '?') refuse("a '?': a query has no meaning here", "write a question mark in a name as %3F");
    if (c == '#') refuse("a '#': a fragment has no meaning here", "write a hash sign in a name as %23");
  }
}

Scheme scheme_of(std::string_view word) {
  const std::string scheme = lower(word);
  if (scheme == "ftp") return Scheme::ftp;
  if (scheme == "ftps") return Scheme::ftps;
  if (scheme == "file") return Scheme::file;
  if (scheme == "sftp")
    refuse("the scheme sftp is not yet supported by this version", "use ftp://, ftps:// or file://");
  // Text that merely stands before a "://" may be anything, a password included: only a scheme's letters are
  // shown.
  const bool nameable = !scheme.empty() && scheme.size() <= 16 && std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  refuse(nameable ? fmt::format("the unknown scheme \"{}\"", scheme) : "an unknown scheme", kShape);
}

std::uint16_t port_of(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || digits.front() == '0' || error != std::errc{} ||
      end != digits.data() + digits.size() || port > 65535)
    refuse("a port that is not a number from 1 to 65535",
           "write HOST:2121, or leave out the colon for the usual port; if this is a password, it must not "
           "be in the URL");
  return static_cast<std::uint16_t>(port);
}

bool is_host_name(std::string_view host) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !host.empty() && host.size() <= 253 && letter(host.front()) &&
         std::ranges::all_of(host, [&](char c) { return letter(c) || c == '.' || c == '-'; });
}

/// RFC 3986 §3.2.2, without zones.
bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

[[noreturn]] void refuse_password() {
  refuse("a password in the URL, where other people and programs can see it",
         "take it out of the URL and say where it comes from: \"password\": {\"file\": \"/PATH\"}, {\"env\": "
         "\"NAME\"}, "
         "{\"command\": [\"PROGRAM\", …]} or {\"netrc\": true}");
}

/// Everything up to the last '@': providers like user names that hold one.
void read_user(std::string_view userinfo, RemoteSettings& remote) {
  if (userinfo.find(':') != std::string_view::npos) refuse_password();
  refuse_raw_characters(userinfo);
  remote.user = percent_decoded(userinfo, "user name");
  refuse_unsafe_bytes(remote.user, "user name");
  if (remote.user.empty()) refuse("an empty user name before the '@'", "name the user, or leave out the '@'");
}

void read_host_and_port(std::string_view text, RemoteSettings& remote) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    remote.host = std::string(text.substr(1, close == std::string_view::npos ? close : close - 1));
    const std::string_view rest =
        close == std::string_view::npos ? std::string_view{} : text.substr(close + 1);
    if (close == std::string_view::npos || !is_ipv6(remote.host) || (!rest.empty() && rest.front() != ':'))
      refuse("a host in brackets that is not an IPv6 address",
             "write it as ftp://[2001:db8::1]:21/DIRECTORY");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    remote.host = std::string(text.substr(0, colon));
    if (remote.host.empty()) refuse("no host", kShape);
    if (!is_host_name(remote.host))
      refuse("a host name with characters that host names don't have",
             "use letters, digits, '-' and '.'; write an international name in its xn-- form");
  }
  if (has_port) remote.port = port_of(port);
}

/// The path without leading and trailing '/', decoded and checked.
std::string base_of(std::string_view decoded) {
  if (decoded.ends_with('/')) decoded.remove_suffix(1);
  refuse_unsafe_bytes(decoded, "path");
  try {
    return RemotePath::parse(decoded).wire();
  } catch (const Error& error) {
    refuse(fmt::format("a path that can't be used: {}", error.what()),
           "name one directory, from the top, without detours");
  }
}

/// RFC 1738 §3.2.2: the '/' after the host is not part of the path; a second one, plain or as %2F, makes it
/// absolute.
void read_ftp_path(std::string_view path, RemoteSettings& remote) {
  std::string decoded = percent_decoded(path, "path");
  if (!decoded.empty()) decoded.erase(0, 1);
  remote.absolute = decoded.starts_with('/');
  if (remote.absolute) decoded.erase(0, 1);
  remote.base = base_of(decoded);
}

void read_file_path(std::string_view rest, RemoteSettings& remote) {
  if (!rest.starts_with('/'))
    refuse("a host or a relative path behind file://",
           "write an absolute path, with three slashes: file:///mnt/disk/backup");
  const std::string decoded = percent_decoded(rest, "path");
  remote.base = "/" + base_of(std::string_view(decoded).substr(1));
  remote.absolute = true;
  if (remote.base == "/")
    refuse("no directory behind file://", "name the directory on the disk: file:///mnt/disk/backup");
}

/// Where user and password end. A '/' in a password would end the authority too early: then a '@' comes later
/// and the supposed port isn't one.
std::string_view authority_of(std::string_view rest) {
  return rest.substr(0, rest.find('/'));
}

void refuse_password_with_slash(std::string_view rest) {
  const std::string_view authority = authority_of(rest);
  const std::size_t colon = authority.find(':');
  if (colon == std::string_view::npos || authority.starts_with('[') ||
      authority.find('@') != std::string_view::npos)
    return;
  const std::string_view port = authority.substr(colon + 1);
  const bool digits = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits && rest.find('@') != std::string_view::npos) refuse_password();
}

}  // namespace

RemoteSettings parse_remote_url(std::string_view url) {
  if (url.empty()) refuse("an empty URL", kShape);
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) {
    const bool file = lower(url).starts_with("file:/");
    refuse("no scheme with \"://\"", file ? "write it with three slashes: file:///mnt/disk/backup" : kShape);
  }
  RemoteSettings remote;
  remote.scheme = scheme_of(url.substr(0, separator));
  std::string_view rest = url.substr(separator + 3);
  if (remote.scheme != Scheme::file) refuse_password_with_slash(rest);
  if (remote.scheme != Scheme::file) {
    if (const std::size_t at = authority_of(rest).rfind('@'); at != std::string_view::npos) {
      read_user(rest.substr(0, at), remote);
      rest.remove_prefix(at + 1);
    }
  }
  refuse_raw_characters(rest);
  const std::string_view authority = authority_of(rest);
  if (remote.scheme == Scheme::file) {
    read_file_path(rest, remote);
  } else {
    if (authority.empty()) refuse("no host", kShape);
    read_host_and_port(authority, remote);
    read_ftp_path(rest.substr(authority.size()), remote);
  }
  remote.url = fmt::format("{}://{}", lower(url.substr(0, separator)), rest);
  return remote;
}

}  // namespace outhaul
