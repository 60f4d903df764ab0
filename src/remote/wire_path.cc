#include "remote/wire_path.h"

#include <fmt/format.h>

#include <algorithm>

#include <cstdint>

#include "outhaul/error.h"

namespace outhaul {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string origin_of(const RemoteSettings& settings) {
  const bool ipv6 = settings.host.find(':') != std::string::npos;
  std::string origin = settings.scheme == Scheme::ftps ? "ftps://" : "ftp://";
  origin += ipv6 ? fmt::format("[{}]", settings.host) : settings.host;
  if (settings.port != 0) origin += fmt::format(":{}", settings.port);
  return origin + '/';
}

void refuse_control_bytes(std::string_view base) {
  for (const char c : base) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F)
      throw Error(ErrorKind::usage,
                  fmt::format("the remote directory \"{}\" holds a control byte", printable(base)),
                  "FTP can't carry control bytes in names: name the directory differently");
  }
}

}  // namespace

WirePath::WirePath(const RemoteSettings& settings)
    : origin_(origin_of(settings)), base_(settings.base), absolute_(settings.absolute) {
  refuse_control_bytes(base_);
  if (base_.starts_with('/')) absolute_ = true;
  while (base_.starts_with('/')) base_.erase(0, 1);
  while (base_.ends_with('/')) base_.pop_back();
}

std::string WirePath::full(const RemotePath& path) const {
  std::string whole = base_;
  if (!whole.empty() && !path.empty()) whole += '/';
  whole += path.wire();
  if (absolute_) return '/' + whole;
  const bool awkward = !whole.empty() && (whole[0] == ' ' || whole[0] == '-' || whole[0] == '~');
  return awkward ? "./" + whole : whole;
}

std::string WirePath::argument(const RemotePath& path) const {
  std::string whole = full(path);
  return whole.empty() ? "." : whole;
}

std::vector<std::string> WirePath::base_arguments() const {
  std::vector<std::string> levels;
  const std::string whole = full({});
  for (std::size_t end = 0; end < whole.size();) {
    end = std::min(whole.find('/', end + 1), whole.size());
    if (const std::string level = whole.substr(0, end); level != "." && level != "/") levels.push_back(level);
  }
  return levels;
}

std::string WirePath::directory_url(const RemotePath& path) const {
  std::string url = file_url(path);
  const bool at_slash = url.ends_with('/') || url.ends_with("%2F");
  return at_slash ? url : url + '/';
}

std::string WirePath::encode(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string url;
  url.reserve(path.size() + 16);
  // A leading '/' would vanish in the URL's own slash, a leading "./" in its normal form.
  if (path.starts_with('/')) {
    url = "%2F";
    path.remove_prefix(1);
  } else if (path.starts_with("./")) {
    url = "%2E/";
    path.remove_prefix(2);
  }
  for (const char c : path) {
    if (c == '/' || unreserved(c)) {
      url += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      url += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return url;
}

}  // namespace outhaul
