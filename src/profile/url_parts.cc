#include "profile/url_parts.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "outhaul/ascii_case.h"
#include "outhaul/error.h"

namespace outhaul {
namespace {

bool is_control(char c) {
  return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::uint16_t port_of(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || digits.front() == '0' || error != std::errc{} ||
      end != digits.data() + digits.size() || port > 65535)
    refuse_url(
        "a port that is not a number from 1 to 65535",
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

}  // namespace

void refuse_url(const std::string& message, const std::string& advice) {
  throw Error(ErrorKind::profile, message, advice);
}

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
      refuse_url(fmt::format("a '%' in the {} that two hex digits don't follow", part),
                 "write a percent sign as %25");
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

void refuse_unsafe_bytes(std::string_view bytes, std::string_view part) {
  for (const char c : bytes)
    if (is_control(c) || c == '\xFF')
      refuse_url(fmt::format("the byte 0x{:02X} in the {}", static_cast<std::uint8_t>(c), part),
                 "no FTP server can be sent this byte; rename the directory or the account");
}

void refuse_raw_characters(std::string_view url) {
  for (const char c : url) {
    if (is_control(c))
      refuse_url(fmt::format("the control byte 0x{:02X}", static_cast<std::uint8_t>(c)), "remove it");
    if (c == ' ') refuse_url("a space", "write a space as %20");
    if (c == '?') refuse_url("a '?': a query has no meaning here", "write a question mark in a name as %3F");
    if (c == '#') refuse_url("a '#': a fragment has no meaning here", "write a hash sign in a name as %23");
  }
}

std::string unknown_scheme(std::string_view word) {
  const std::string scheme = ascii_lower(word);
  const bool nameable = !scheme.empty() && scheme.size() <= 16 && std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  return nameable ? fmt::format("the unknown scheme \"{}\"", scheme) : "an unknown scheme";
}

std::string user_of(std::string_view userinfo) {
  refuse_raw_characters(userinfo);
  std::string user = percent_decoded(userinfo, "user name");
  refuse_unsafe_bytes(user, "user name");
  if (user.empty()) refuse_url("an empty user name before the '@'", "name the user, or leave out the '@'");
  return user;
}

HostAndPort host_and_port_of(std::string_view text, std::string_view scheme, const std::string& shape) {
  HostAndPort found;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    found.host = std::string(text.substr(1, close == std::string_view::npos ? close : close - 1));
    const std::string_view rest =
        close == std::string_view::npos ? std::string_view{} : text.substr(close + 1);
    if (close == std::string_view::npos || !is_ipv6(found.host) || (!rest.empty() && rest.front() != ':'))
      refuse_url("a host in brackets that is not an IPv6 address",
                 fmt::format("write it as {}://[2001:db8::1]:21/DIRECTORY", scheme));
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    found.host = std::string(text.substr(0, colon));
    if (found.host.empty()) refuse_url("no host", shape);
    if (!is_host_name(found.host))
      refuse_url("a host name with characters that host names don't have",
                 "use letters, digits, '-' and '.'; write an international name in its xn-- form");
  }
  if (has_port) found.port = port_of(port);
  return found;
}

bool hides_password(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t colon = authority.find(':');
  if (colon == std::string_view::npos || authority.starts_with('[') ||
      authority.find('@') != std::string_view::npos)
    return false;
  const std::string_view port = authority.substr(colon + 1);
  const bool digits = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return !digits && rest.find('@') != std::string_view::npos;
}

}  // namespace outhaul
