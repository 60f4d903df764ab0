#include "profile/remote_checks.h"

#include <fmt/format.h>

#include <initializer_list>

#include "outhaul/paths.h"
#include "profile/decode_secret.h"

namespace outhaul {
namespace {

struct Misplaced {
  const char* key;
  const char* why;
};

void refuse_all(const Node& node, std::string_view remote, std::initializer_list<Misplaced> keys) {
  for (const Misplaced& key : keys)
    if (const auto found = node.find(key.key))
      found->fault_found(fmt::format("\"{}\" for {}", key.key, remote), fmt::format("no \"{}\"", key.key),
                         fmt::format("{}: remove the key", key.why));
}

void check_file(const Node& node) {
  constexpr const char* kNoLogin = "a mounted disk has no login";
  constexpr const char* kNoConnection = "a mounted disk has no connection";
  refuse_all(node, "a file:// remote",
             {{"password", kNoLogin},
              {"account", kNoLogin},
              {"ssh", kNoLogin},
              {"tls", kNoConnection},
              {"proxy", kNoConnection},
              {"mode", kNoConnection}});
}

void check_sftp(const Node& node, const RemoteSettings& remote) {
  refuse_all(node, "an sftp:// remote",
             {{"tls", "SSH encrypts by itself, and \"ssh\" says how the server proves who it is"},
              {"mode", "SFTP has no data connections"},
              {"account", "it is a command of FTP"}});
  if (node.find("password") || !remote.ssh.key.empty() || remote.ssh.agent) return;
  // What was tried and is at fault already needs no second fault.
  if (const auto ssh = node.find("ssh"); ssh && (!ssh->is(JsonValue::Kind::object) || ssh->find("key")))
    return;
  node.fault_found(fmt::format("no way to log in as {}", printable(remote.user)),
                   "\"password\", \"ssh\": {\"key\": \"/PATH\"} or \"ssh\": {\"agent\": true}",
                   "say how we prove who we are");
}

void check_ftp_login(const Node& node, const RemoteSettings& remote) {
  const auto password = node.find("password");
  if (!remote.user.empty() && !is_anonymous(remote.user) && !password) {
    node.need("password", fmt::format("the password of {}, as {}", printable(remote.user), kPasswordShape));
  } else if (remote.user.empty() && password && remote.password.kind != SecretSource::Kind::netrc &&
             remote.password.kind != SecretSource::Kind::none) {
    password->fault_found("a password, but no user in the URL",
                          "a user: \"url\": \"ftp://USER@HOST/DIRECTORY\"",
                          "name the user in the URL, or remove the password for an anonymous login");
  }
}

void check_ftp(const Node& node, const RemoteSettings& remote) {
  check_ftp_login(node, remote);
  const bool implicit = remote.scheme == Scheme::ftps;
  refuse_all(node, implicit ? "an ftps:// remote" : "an ftp:// remote",
             {{"ssh", "it is for sftp://; \"tls\" says how an FTP server proves who it is"}});
  if (implicit && remote.tls.off)
    node.find("tls")->fault_found("\"off\" for an ftps:// remote, which is TLS from the first byte",
                                  "an object with \"ca\", \"pin\", \"verify\", or no \"tls\"",
                                  "to allow plaintext, write the URL as ftp://");
  if (remote.mode == DataMode::active && node.find("proxy"))
    node.find("mode")->fault_found(
        "\"active\" together with a \"proxy\"", "\"passive\", or no \"proxy\"",
        "in active mode the server connects to this machine, which no proxy passes on");
}

}  // namespace

bool is_anonymous(std::string_view user) {
  return user.empty() || user == "anonymous" || user == "ftp";
}

void check_remote_settings(const Node& node, const RemoteSettings& remote) {
  if (remote.scheme == Scheme::file) return check_file(node);
  if (remote.scheme == Scheme::sftp) return check_sftp(node, remote);
  check_ftp(node, remote);
}

}  // namespace outhaul
