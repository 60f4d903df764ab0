#include "profile/decode_ssh.h"

#include "profile/base64_digest.h"
#include "profile/decode_secret.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"

namespace outhaul {
namespace {

std::string host_key_hint(std::string_view text) {
  if (text.starts_with("sha256//")) return "that is the form of a TLS pin: a host key has a single ':'";
  if (text.starts_with("MD5:") || text.starts_with("md5:"))
    return "MD5 proves nothing any more: ssh-keyscan HOST | ssh-keygen -lf - shows the SHA-256";
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.find(' ') != std::string_view::npos)
    return "a whole key belongs into a file named by \"known_hosts\"";
  return {};
}

void read_host_key(const Node& node, SshSettings& ssh) {
  const auto text = node.string(kHostKeyShape);
  if (!text) return;
  if (auto key = parse_host_key(*text))
    ssh.host_keys.push_back(std::move(*key));
  else
    node.fault(kHostKeyShape, host_key_hint(*text));
}

void read_host_keys(const Node& node, SshSettings& ssh) {
  if (node.is(JsonValue::Kind::array)) {
    for (const Node& item : node.items("a host key, or an array of at least one", 1))
      read_host_key(item, ssh);
  } else {
    read_host_key(node, ssh);
  }
}

}  // namespace

std::optional<std::string> parse_host_key(std::string_view text) {
  constexpr std::string_view kOurs = "sha256:", kOpenSsh = "SHA256:";
  if (!text.starts_with(kOurs) && !text.starts_with(kOpenSsh)) return std::nullopt;
  text.remove_prefix(kOurs.size());
  if (text.ends_with('=')) text.remove_suffix(1);
  if (!is_base64_digest(text)) return std::nullopt;
  return std::string(kOurs) + std::string(text);
}

SshSettings read_ssh(const Node& node, const std::filesystem::path& folder) {
  SshSettings ssh;
  if (!node.object(ssh_keys(), "an object with \"key\", \"agent\", \"known_hosts\", \"host_key\""))
    return ssh;
  if (const auto known = node.find("known_hosts"))
    if (const auto path = read_local_path(*known, folder)) ssh.known_hosts = *path;
  if (const auto host_key = node.find("host_key")) read_host_keys(*host_key, ssh);
  const auto key = node.find("key");
  if (key)
    if (const auto path = read_local_path(*key, folder)) ssh.key = *path;
  if (const auto passphrase = node.find("passphrase")) {
    ssh.passphrase = read_secret(*passphrase, folder, "the passphrase");
    if (!key)
      passphrase->fault_found("a \"passphrase\" without a \"key\"",
                              "\"key\" beside it: the file of the private key that the passphrase opens");
  }
  if (const auto agent = node.find("agent")) ssh.agent = agent->boolean().value_or(false);
  return ssh;
}

}  // namespace outhaul
