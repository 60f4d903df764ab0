#include "profile/decode_remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "outhaul/charset.h"
#include "profile/decode_bandwidth.h"
#include "profile/decode_duration.h"
#include "profile/decode_proxy.h"
#include "profile/decode_secret.h"
#include "profile/decode_ssh.h"
#include "profile/decode_tls.h"
#include "profile/keys.h"
#include "profile/quantity.h"
#include "profile/remote_checks.h"
#include "profile/url.h"

namespace outhaul {
namespace {

constexpr const char* kUrl = "a URL such as \"ftp://USER@HOST/DIRECTORY\"";

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

// --- numbers
// ---------------------------------------------------------------------------------------------------------

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

// --- how FTP and the server's file system are spoken to
// -----------------------------------------------------------------------

void read_account(const Node& node, RemoteSettings& remote) {
  constexpr const char* kAccount = "the account's name: text without control bytes";
  const auto text = node.string(kAccount);
  if (!text) return;
  const bool sendable = std::ranges::none_of(
      *text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\xFF'; });
  if (text->empty() || !sendable)
    node.fault(kAccount);
  else
    remote.account = *text;
}

void read_encoding(const Node& node, NameRules& names) {
  constexpr const char* kEncoding =
      "the name of a character set as iconv --list shows it, such as \"ISO-8859-1\" or \"CP1252\"";
  const auto text = node.string(kEncoding);
  if (!text) return;
  if (const std::string fault = charset_fault(*text); !fault.empty())
    node.fault_found(fmt::format("{}, {}", describe(node.value()), fault), kEncoding);
  else
    names.encoding = *text;
}

bool is_plain_name(std::string_view name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return name.find_first_not_of(kPlain) == std::string_view::npos && !name.ends_with('.');
}

void read_control_dir(const Node& node, OwnNames& own) {
  constexpr const char* kDir =
      "a name of 1 to 64 letters, digits, '.', '-' and '_' that doesn't end in '.', such as \"_outhaul\"";
  const auto text = node.string(kDir);
  if (!text) return;
  if (text->empty() || text->size() > 64 || !is_plain_name(*text))
    node.fault(kDir);
  else
    own.dir = *text;
}

/// Other suffixes are other files of outhaul's: what bears them must not be taken for a part.
void read_part_suffix(const Node& node, OwnNames& own) {
  constexpr const char* kSuffix =
      "'.', '-' or '_' and 1 to 15 letters or digits with a letter among them, such as \".tmp\" or "
      "\"-part\"; not "
      ".db, .zst, .json, .txt, .old, .changeset";
  constexpr std::array<std::string_view, 6> kTaken{".db", ".zst", ".json", ".txt", ".old", ".changeset"};
  const auto text = node.string(kSuffix);
  if (!text) return;
  const std::string_view word = std::string_view(*text).substr(std::min<std::size_t>(1, text->size()));
  const bool lead = text->starts_with('.') || text->starts_with('-') || text->starts_with('_');
  const bool letters = word.find_first_not_of("0123456789") != std::string_view::npos;
  if (!lead || word.size() > 15 || !letters || !is_plain_name(word) ||
      word.find_first_of("._-") != std::string_view::npos || std::ranges::find(kTaken, *text) != kTaken.end())
    node.fault(kSuffix);
  else
    own.part_suffix = *text;
}

void read_quota(const Node& node, RemoteSettings& remote) {
  constexpr const char* kQuota = "\"off\", or a size such as \"100 GB\" or \"50 GiB\"";
  const auto text = node.string(kQuota);
  if (!text) return;
  remote.watch_space = *text != "off";
  if (!remote.watch_space) return;
  remote.quota = parse_bytes(*text);
  if (!remote.quota) node.fault(kQuota, bytes_hint(*text));
}

void read_ways(const Node& node, const std::filesystem::path& folder, RemoteSettings& remote) {
  constexpr std::array<std::string_view, 2> kModes{"passive", "active"}, kNames{"unix", "windows"};
  if (const auto mode = node.find("mode"))
    if (const auto word = mode->word(kModes)) remote.mode = *word == 1 ? DataMode::active : DataMode::passive;
  if (const auto account = node.find("account")) read_account(*account, remote);
  if (const auto names = node.find("names"))
    if (const auto word = names->word(kNames)) remote.names.windows = *word == 1;
  if (const auto encoding = node.find("encoding")) read_encoding(*encoding, remote.names);
  if (const auto dir = node.find("control_dir")) read_control_dir(*dir, remote.names.own);
  if (const auto suffix = node.find("part_suffix")) read_part_suffix(*suffix, remote.names.own);
  if (const auto proxy = node.find("proxy")) remote.proxy = read_proxy(*proxy, folder);
  if (const auto bandwidth = node.find("bandwidth")) remote.bandwidth = read_bandwidth(*bandwidth);
}

}  // namespace

RemoteSettings read_remote(const Node& node, const std::filesystem::path& folder) {
  RemoteSettings remote;
  if (!node.object(remote_keys(), "an object with at least \"url\"")) return remote;
  if (const auto description = node.find("description")) description->string("a string");
  const auto url = node.need("url", kUrl);
  const auto parsed = url ? read_url(*url) : std::nullopt;
  if (parsed) remote = *parsed;
  if (const auto password = node.find("password")) remote.password = read_password(*password, folder);
  if (const auto tls = node.find("tls")) remote.tls = read_tls(*tls, folder);
  if (const auto ssh = node.find("ssh")) remote.ssh = read_ssh(*ssh, folder);
  read_ways(node, folder, remote);
  if (const auto quota = node.find("quota")) read_quota(*quota, remote);
  read_numbers(node, remote);
  if (parsed) check_remote_settings(node, remote);
  return remote;
}

}  // namespace outhaul
