#include "profile/decode_alarms.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "profile/decode_duration.h"
#include "profile/decode_secret.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"

namespace outhaul {
namespace {

constexpr std::array<std::string_view, 4> kForms{"report", "slack", "discord", "ntfy"};
constexpr std::array<std::string_view, 3> kOn{"failure", "change", "always"};

/// Printable ASCII, a host, no login: that would be a password in the profile.
bool is_web_address(std::string_view url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return false;
  const bool plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>'; });
  const std::string_view host = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  return plain && !host.empty() && host.find('@') == std::string_view::npos;
}

/// No message quotes it: what stands behind the host may be all the secret that it has.
std::string read_address(const Node& node) {
  constexpr const char* kAddress = "an address such as \"https://hooks.example.net/PATH\", without a login";
  const auto text = node.string(kAddress);
  if (!text) return {};
  if (is_web_address(*text)) return std::string(*text);
  node.fault_found("no web address", kAddress);
  return {};
}

Webhook read_webhook(const Node& node, const std::filesystem::path& folder) {
  Webhook webhook;
  if (!node.object(webhook_keys(), "an object with \"url\"")) return webhook;
  if (const auto url = node.need("url", "where to send it")) webhook.url = read_address(*url);
  if (const auto form = node.find("form"))
    if (const auto word = form->word(kForms))
      webhook.form = std::array{Webhook::Form::report, Webhook::Form::slack, Webhook::Form::discord,
                                Webhook::Form::ntfy}[*word];
  if (const auto on = node.find("on"))
    if (const auto word = on->word(kOn))
      webhook.on = std::array{AlarmOn::failure, AlarmOn::change, AlarmOn::always}[*word];
  if (const auto token = node.find("token")) webhook.token = read_secret(*token, folder, "the token");
  return webhook;
}

}  // namespace

Alarms read_alarms(const Node& node, const std::filesystem::path& folder) {
  Alarms alarms;
  if (!node.object(alarm_keys(), "an object with \"ping\", \"webhooks\" or \"metrics\"")) return alarms;
  if (const auto ping = node.find("ping")) alarms.ping = read_address(*ping);
  if (const auto webhooks = node.find("webhooks"))
    for (const Node& item : webhooks->items("an array of objects with \"url\"", 1))
      alarms.webhooks.push_back(read_webhook(item, folder));
  if (const auto metrics = node.find("metrics"))
    if (const auto path = read_local_path(*metrics, folder)) alarms.metrics = *path;
  if (const auto timeout = node.find("timeout")) read_duration(*timeout, alarms.timeout);
  return alarms;
}

}  // namespace outhaul
