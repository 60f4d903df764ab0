#include "profile/decode_secret.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/decode_command.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"

namespace outhaul {
namespace {

using Kind = SecretSource::Kind;

constexpr const char* kSecretShape =
    "one of {\"file\": \"/PATH\"}, {\"env\": \"NAME\"}, {\"command\": [\"PROGRAM\", …]} or {\"credential\": "
    "\"NAME\"}";

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return is_letter(c) || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || is_digit(c); });
}

void read_env(const Node& node, SecretSource& secret) {
  const auto name = node.string("the name of an environment variable");
  if (!name) return;
  if (!is_variable_name(*name))
    node.fault("the name of an environment variable: letters, digits and '_'",
               "the name stands here, not the secret itself");
  secret = {Kind::env, *name, {}};
}

void read_netrc(const Node& node, const std::filesystem::path& folder, SecretSource& secret) {
  constexpr const char* kNetrc = "true for ~/.netrc, or the path of another file like it";
  secret.kind = Kind::netrc;
  if (node.is(JsonValue::Kind::string)) {
    if (const auto path = read_local_path(node, folder)) secret.name = path->string();
  } else if (!node.is(JsonValue::Kind::boolean) || !node.value().boolean) {
    node.fault(kNetrc);
  }
}

void read_credential(const Node& node, SecretSource& secret) {
  constexpr const char* kCredential =
      "the name of a credential as systemd's LoadCredential= gives it: letters, digits, '.', '_', '-' and "
      "'@'";
  const auto name = node.string(kCredential);
  if (!name) return;
  if (!is_credential_name(*name)) node.fault(kCredential, "the name stands here, not the secret itself");
  secret = {Kind::credential, *name, {}};
}

SecretSource read(const Node& shown, const std::filesystem::path& folder, const Keys& keys, const char* shape,
                  std::string_view noun) {
  const Node node = shown.hidden();
  SecretSource secret;
  if (node.is(JsonValue::Kind::string)) {
    node.fault(shape,
               fmt::format("{} must not stand in the profile: put it into a file of mode 0600 and name "
                           "that file",
                           noun));
    return secret;
  }
  if (!node.object(keys, shape)) return secret;
  std::size_t sources = 0;
  for (const std::string_view key : keys.known) sources += node.find(key) ? 1 : 0;
  if (sources > 1)
    node.fault_found(fmt::format("more than one source of {}", noun), shape, "keep one of them");
  // An unknown key is a fault already; a second one about the same line would only distract.
  if (sources == 0 && node.value().members.empty()) node.fault(shape);
  if (const auto env = node.find("env")) read_env(*env, secret);
  if (const auto file = node.find("file"))
    if (const auto path = read_local_path(*file, folder)) secret = {Kind::file, path->string(), {}};
  if (const auto command = node.find("command")) {
    secret.kind = Kind::command;
    secret.command = read_argv(*command, folder);
  }
  if (const auto credential = node.find("credential")) read_credential(*credential, secret);
  if (std::ranges::find(keys.known, "netrc") == keys.known.end()) return secret;
  if (const auto netrc = node.find("netrc")) read_netrc(*netrc, folder, secret);
  return secret;
}

}  // namespace

bool is_credential_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
  });
}

SecretSource read_password(const Node& node, const std::filesystem::path& folder) {
  return read(node, folder, password_keys(), kPasswordShape, "the password");
}

SecretSource read_secret(const Node& node, const std::filesystem::path& folder, std::string_view noun) {
  return read(node, folder, secret_keys(), kSecretShape, noun);
}

}  // namespace outhaul
