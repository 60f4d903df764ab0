#include "profile/url.h"

#include <fmt/format.h>

#include "outhaul/ascii_case.h"
#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "profile/decode_secret.h"
#include "profile/url_parts.h"

namespace outhaul {
namespace {

constexpr const char* kShape =
    "write it as ftp://USER@HOST/DIRECTORY, ftps://USER@HOST/DIRECTORY, sftp://USER@HOST/DIRECTORY or "
    "file:///DIRECTORY";

Scheme scheme_of(std::string_view word) {
  const std::string scheme = ascii_lower(word);
  if (scheme == "ftp") return Scheme::ftp;
  if (scheme == "ftps") return Scheme::ftps;
  if (scheme == "sftp") return Scheme::sftp;
  if (scheme == "file") return Scheme::file;
  refuse_url(unknown_scheme(word), kShape);
}

[[noreturn]] void refuse_password() {
  refuse_url(
      "a password in the URL, where other people and programs can see it",
      fmt::format("take it out of the URL and say where it comes from: \"password\": {}", kPasswordShape));
}

/// The path without leading and trailing '/', decoded and checked.
std::string base_of(std::string_view decoded) {
  if (decoded.ends_with('/')) decoded.remove_suffix(1);
  refuse_unsafe_bytes(decoded, "path");
  try {
    return RemotePath::parse(decoded).wire();
  } catch (const Error& error) {
    refuse_url(fmt::format("a path that can't be used: {}", error.what()),
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
    refuse_url("a host or a relative path behind file://",
               "write an absolute path, with three slashes: file:///mnt/disk/backup");
  const std::string decoded = percent_decoded(rest, "path");
  remote.base = "/" + base_of(std::string_view(decoded).substr(1));
  remote.absolute = true;
  if (remote.base == "/")
    refuse_url("no directory behind file://", "name the directory on the disk: file:///mnt/disk/backup");
}

std::string_view authority_of(std::string_view rest) {
  return rest.substr(0, rest.find('/'));
}

/// User, host, port and path, behind "://".
void read_server(std::string_view rest, std::string_view scheme, RemoteSettings& remote) {
  const std::string_view authority = authority_of(rest);
  if (authority.empty()) refuse_url("no host", kShape);
  const HostAndPort server = host_and_port_of(authority, scheme, kShape);
  remote.host = server.host;
  remote.port = server.port;
  read_ftp_path(rest.substr(authority.size()), remote);
}

}  // namespace

RemoteSettings parse_remote_url(std::string_view url) {
  if (url.empty()) refuse_url("an empty URL", kShape);
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) {
    const bool file = ascii_lower(url).starts_with("file:/");
    refuse_url("no scheme with \"://\"",
               file ? "write it with three slashes: file:///mnt/disk/backup" : kShape);
  }
  RemoteSettings remote;
  const std::string scheme = ascii_lower(url.substr(0, separator));
  remote.scheme = scheme_of(scheme);
  std::string_view rest = url.substr(separator + 3);
  if (remote.scheme != Scheme::file) {
    if (hides_password(rest)) refuse_password();
    if (const std::size_t at = authority_of(rest).rfind('@'); at != std::string_view::npos) {
      const std::string_view userinfo = rest.substr(0, at);
      if (userinfo.find(':') != std::string_view::npos) refuse_password();
      remote.user = user_of(userinfo);
      rest.remove_prefix(at + 1);
    }
  }
  refuse_raw_characters(rest);
  if (remote.scheme == Scheme::file)
    read_file_path(rest, remote);
  else
    read_server(rest, scheme, remote);
  if (remote.scheme == Scheme::sftp && remote.user.empty())
    refuse_url("an sftp:// URL without a user", "SSH knows no anonymous login: sftp://USER@HOST/DIRECTORY");
  remote.url = fmt::format("{}://{}", scheme, rest);
  return remote;
}

}  // namespace outhaul
