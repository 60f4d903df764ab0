#include "remote/sftp_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "outhaul/error.h"

namespace outhaul {
namespace {

bool stays_as_it_is(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '/';
}

std::string encode(std::string_view path) {
  std::string url;
  for (const char c : path) {
    if (stays_as_it_is(c))
      url += c;
    else
      url += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
  }
  return url;
}

bool is_control(char c) {
  return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
}

}  // namespace

SftpPath::SftpPath(const RemoteSettings& settings) : base_(settings.base), absolute_(settings.absolute) {
  const bool ipv6 = settings.host.find(':') != std::string::npos;
  origin_ = "sftp://" + (ipv6 ? fmt::format("[{}]", settings.host) : settings.host);
  if (settings.port != 0) origin_ += fmt::format(":{}", settings.port);
  origin_ += '/';
  if (std::any_of(base_.begin(), base_.end(), is_control))
    throw Error(ErrorKind::usage,
                fmt::format("the remote directory \"{}\" holds a control byte", printable(base_)),
                "name the directory differently");
  absolute_ |= base_.starts_with('/');
  base_.erase(0, std::min(base_.find_first_not_of('/'), base_.size()));
  while (base_.ends_with('/')) base_.pop_back();
}

std::string SftpPath::full(const RemotePath& path) const {
  std::string whole = base_;
  if (!whole.empty() && !path.empty()) whole += '/';
  whole += path.wire();
  if (absolute_) return '/' + whole;
  if (whole.empty()) return ".";
  return whole.starts_with('~') ? "./" + whole : whole;  // some servers expand it
}

std::string SftpPath::quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string SftpPath::quoted_inside(const RemotePath& path) const {
  return quote(full(path) + "/.");
}

std::vector<std::string> SftpPath::base_levels() const {
  std::vector<std::string> levels;
  const std::string whole = full({});
  for (std::size_t end = 0; end < whole.size();) {
    end = std::min(whole.find('/', end + 1), whole.size());
    if (const std::string level = whole.substr(0, end); level != "." && level != "/")
      levels.push_back(quote(level));
  }
  return levels;
}

std::string SftpPath::file_url(const RemotePath& path) const {
  const std::string whole = full(path);
  // libcurl takes a path that begins with "/~" for one in the login directory, escaped or not.
  if (absolute_) return origin_ + (whole.starts_with("/~") ? "./" : "") + encode(whole.substr(1));
  return origin() + (whole == "." ? "" : encode(whole));
}

std::string SftpPath::directory_url(const RemotePath& path) const {
  std::string url = file_url(path);
  return url.ends_with('/') ? url : url + '/';
}

}  // namespace outhaul
