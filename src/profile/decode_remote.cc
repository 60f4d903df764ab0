#include "profile/decode_remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "outhaul/paths.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"
#include "profile/quantity.h"
#include "profile/url.h"

namespace outhaul {
namespace {

using Kind = SecretSource::Kind;

constexpr const char* kUrl = "a URL such as \"ftp://USER@HOST/DIRECTORY\"";
constexpr const char* kSecret =
    "one of {\"file\": \"/PATH\"}, {\"env\": \"NAME\"}, {\"command\": [\"PROGRAM\", …]} or {\"netrc\": true}";
constexpr const char* kPin = "\"sha256//\" and the base64 of the 32 bytes of a SHA-256";

// --- the URL
// ---------------------------------------------------------------------------------------------------------

std::optional<RemoteSettings> read_url(const Node& node) {
  const auto text = node.string(kUrl);
  if (!text) return std::nullopt;
  try {
    return parse_remote_url(*text);
  } catch (const Error& error) {
    node.fault_found(error.what(), kUrl, error.advice());
    return std::nullopt;
  }
}

// --- the password
// ----------------------------------------------------------------------------------------------------

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void read_env(const Node& node, SecretSource& secret) {
  const auto name = node.string("the name of an environment variable");
  if (!name) return;
  if (!is_variable_name(*name))
    node.fault("the name of an environment variable: letters, digits and '_'",
               "the name stands here, not the password itself");
  secret = {Kind::env, *name, {}};
}

void read_command(const Node& node, const std::filesystem::path& folder, SecretSource& secret) {
  constexpr const char* kArgument = "a string without NUL";
  constexpr const char* kProgram = "the program to run";
  secret.kind = Kind::command;
  for (const Node& item : node.items("an array of the program and its arguments, run without a shell", 1)) {
    const bool first = secret.command.empty();
    std::string argument = item.string(first ? kProgram : kArgument).value_or("");
    if (first && argument.empty() && item.is(JsonValue::Kind::string)) item.fault(kProgram);
    if (argument.find('\0') != std::string::npos) item.fault(kArgument);
    // Nobody knows from which directory cron starts us.
    if (first && argument.find('/') != std::string::npos) argument = (folder / argument).string();
    secret.command.push_back(std::move(argument));
  }
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

SecretSource read_secret(const Node& node, const std::filesystem::path& folder) {
  SecretSource secret;
  if (node.is(JsonValue::Kind::string)) {
    node.fault(
        kSecret,
        "a password must not stand in the profile: put it into a file of mode 0600 and name that file");
    return secret;
  }
  if (!node.object(secret_keys(), kSecret)) return secret;
  std::size_t sources = 0;
  for (const std::string_view key : secret_keys().known) sources += node.find(key) ? 1 : 0;
  if (sources > 1) node.fault_found("more than one source of the password", kSecret, "keep one of them");
  // An unknown or later key is a fault already; a second one about the same line would only distract.
  if (sources == 0 && node.value().members.empty()) node.fault(kSecret);
  if (const auto env = node.find("env")) read_env(*env, secret);
  if (const auto file = node.find("file"))
    if (const auto path = read_local_path(*file, folder)) secret = {Kind::file, path->string(), {}};
  if (const auto command = node.find("command")) read_command(*command, folder, secret);
  if (const auto netrc = node.find("netrc")) read_netrc(*netrc, folder, secret);
  return secret;
}

// --- TLS
// -------------------------------------------------------------------------------------------------------------

void read_pin(const Node& node, TlsSettings& tls) {
  const auto text = node.string(kPin);
  if (!text) return;
  if (!is_pin(*text)) {
    node.fault(kPin, text->find(';') != std::string::npos
                         ? "write several pins as an array: [\"sha256//…\", \"sha256//…\"]"
                         : "");
    return;
  }
  tls.pins.push_back(*text);
}

void read_tls_object(const Node& node, const std::filesystem::path& folder, TlsSettings& tls) {
  if (const auto ca = node.find("ca"))
    if (const auto path = read_local_path(*ca, folder)) tls.ca = *path;
  const auto pin = node.find("pin");
  if (pin && pin->is(JsonValue::Kind::array)) {
    for (const Node& item : pin->items("a pin, or an array of at least one", 1)) read_pin(item, tls);
  } else if (pin) {
    read_pin(*pin, tls);
  }
  const auto verify = node.find("verify");
  if (!verify) return;
  tls.verify = verify->boolean().value_or(true);
  if (!tls.verify && !pin)
    verify->fault(
        "true, or false together with a \"pin\"",
        "without either anybody can pose as the server: add \"pin\": \"sha256//…\", or name the server's own "
        "certificate authority with \"ca\" instead");
}

TlsSettings read_tls(const Node& node, const std::filesystem::path& folder) {
  constexpr const char* kTls = "\"off\", or an object with \"ca\", \"pin\", \"verify\"";
  TlsSettings tls;
  if (node.is(JsonValue::Kind::string) && node.value().text == "off") {
    tls.off = true;
  } else if (node.is(JsonValue::Kind::boolean)) {
    node.fault(kTls, node.value().boolean ? "TLS is on without being asked for: leave the key out"
                                          : "to allow plaintext, write \"tls\": \"off\"");
  } else if (node.object(tls_keys(), kTls)) {
    read_tls_object(node, folder, tls);
  }
  return tls;
}

// --- numbers
// ---------------------------------------------------------------------------------------------------------

void read_duration(const Node& node, std::chrono::seconds& duration) {
  if (node.is(JsonValue::Kind::number) && node.value().integer) {
    const std::int64_t seconds = *node.value().integer;
    if (seconds >= 1 && seconds <= kLongestDuration.count()) {
      duration = std::chrono::seconds(seconds);
      return;
    }
  } else if (node.is(JsonValue::Kind::string)) {
    if (const auto parsed = parse_duration(node.value().text)) {
      duration = *parsed;
      return;
    }
  }
  node.fault("a duration from 1 s to 24 h: whole seconds, or a string such as \"90 s\", \"10 min\", \"2 h\"");
}

void read_numbers(const Node& node, RemoteSettings& remote) {
  if (const auto connections = node.find("connections"))
    remote.connections = static_cast<int>(connections->integer(1, 64).value_or(remote.connections));
  if (const auto retries = node.find("retries"))
    remote.retries = static_cast<int>(retries->integer(0, 100).value_or(remote.retries));
  const auto timeouts = node.find("timeouts");
  if (!timeouts ||
      !timeouts->object(timeout_keys(), "an object with \"connect\", \"no_progress\", \"final_reply\""))
    return;
  if (const auto connect = timeouts->find("connect")) read_duration(*connect, remote.connect_timeout);
  if (const auto progress = timeouts->find("no_progress"))
    read_duration(*progress, remote.no_progress_timeout);
  if (const auto reply = timeouts->find("final_reply")) read_duration(*reply, remote.final_reply_timeout);
}

// --- what must fit together
// ------------------------------------------------------------------------------------------

void check_file_scheme(const Node& node) {
  if (const auto password = node.find("password"))
    password->fault_found("a password for a file:// remote", "no \"password\"",
                          "a mounted disk has no login: remove the key");
  if (const auto tls = node.find("tls"))
    tls->fault_found("\"tls\" for a file:// remote", "no \"tls\"",
                     "a mounted disk has no connection: remove the key");
}

void check_login(const Node& node, const RemoteSettings& remote) {
  const auto password = node.find("password");
  if (!remote.user.empty() && !is_anonymous(remote.user) && !password) {
    Node(node).need("password", fmt::format("the password of {}, as {}", printable(remote.user), kSecret));
  } else if (remote.user.empty() && password && remote.password.kind != Kind::netrc &&
             remote.password.kind != Kind::none) {
    password->fault_found("a password, but no user in the URL",
                          "a user: \"url\": \"ftp://USER@HOST/DIRECTORY\"",
                          "name the user in the URL, or remove the password for an anonymous login");
  }
}

void check_together(const Node& node, const RemoteSettings& remote) {
  if (remote.scheme == Scheme::file) return check_file_scheme(node);
  check_login(node, remote);
  if (remote.scheme == Scheme::ftps && remote.tls.off)
    node.find("tls")->fault_found("\"off\" for an ftps:// remote, which is TLS from the first byte",
                                  "an object with \"ca\", \"pin\", \"verify\", or no \"tls\"",
                                  "to allow plaintext, write the URL as ftp://");
}

}  // namespace

/// 43 base64 digits and one '=' are 32 bytes and two spare bits, which must be 0 (RFC 4648 §3.5).
bool is_pin(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256//";
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  if (text.size() != 44 || text.back() != '=') return false;
  text.remove_suffix(1);
  return text.find_first_not_of(kDigits) == std::string_view::npos && kDigits.find(text.back()) % 4 == 0;
}

bool is_anonymous(std::string_view user) {
  return user.empty() || user == "anonymous" || user == "ftp";
}

RemoteSettings read_remote(const Node& node, const std::filesystem::path& folder) {
  RemoteSettings remote;
  if (!node.object(remote_keys(), "an object with at least \"url\"")) return remote;
  if (const auto description = node.find("description")) description->string("a string");
  const auto url = node.need("url", kUrl);
  const auto parsed = url ? read_url(*url) : std::nullopt;
  if (parsed) remote = *parsed;
  if (const auto password = node.find("password")) remote.password = read_secret(password->hidden(), folder);
  if (const auto tls = node.find("tls")) remote.tls = read_tls(*tls, folder);
  read_numbers(node, remote);
  if (parsed) check_together(node, remote);
  return remote;
}

}  // namespace outhaul
