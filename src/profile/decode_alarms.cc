#include "profile/decode_alarms.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "outhaul/ascii_case.h"
#include "outhaul/error.h"
#include "profile/decode_duration.h"
#include "profile/decode_secret.h"
#include "profile/keys.h"
#include "profile/paths_in_profile.h"
#include "profile/url_parts.h"

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

constexpr const char* kMailShape = "write it as smtps://USER@HOST:465 or smtp://USER@HOST:587";

/// Host, port, user; false with a fault.
bool read_mail_server(const Node& node, Mail& mail) {
  const auto text = node.string("an address such as \"smtps://USER@mail.example.net:465\"");
  if (!text) return false;
  try {
    refuse_raw_characters(*text);
    const std::size_t separator = text->find("://");
    const std::string scheme = ascii_lower(text->substr(0, separator == std::string::npos ? 0 : separator));
    if (scheme != "smtp" && scheme != "smtps") refuse_url("no mail server's address", kMailShape);
    mail.implicit_tls = scheme == "smtps";
    std::string_view rest = std::string_view(*text).substr(separator + 3);
    if (hides_password(rest))
      refuse_url("a password in the address, where other people can see it", kMailShape);
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
      if (rest.substr(0, at).find(':') != std::string_view::npos)
        refuse_url("a password in the address, where other people can see it",
                   "say where it comes from: \"password\": {\"file\": \"/PATH\"}");
      mail.user = user_of(rest.substr(0, at));
      rest.remove_prefix(at + 1);
    }
    if (rest.find('/') != std::string_view::npos)
      refuse_url("a path behind the mail server's port", kMailShape);
    const HostAndPort server = host_and_port_of(rest, scheme, kMailShape);
    mail.host = server.host;
    mail.port = server.port != 0 ? server.port : mail.implicit_tls ? 465 : 587;
    return true;
  } catch (const Error& error) {
    node.fault_found(error.what(), kMailShape, error.advice());
    return false;
  }
}

/// One "name@domain", of bytes that can neither end a command nor open another one (RFC 5321 §4.1.2, without
/// its quoted form).
std::string read_mailbox(const Node& node) {
  constexpr const char* kMailbox = "an address such as \"admin@example.net\"";
  const auto text = node.string(kMailbox);
  if (!text) return {};
  const std::size_t at = text->find('@');
  const bool plain = std::ranges::all_of(*text, [](char c) {
    return (c > ' ' && c < 0x7F && std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos);
  });
  if (plain && at != std::string::npos && at != 0 && at + 1 < text->size() &&
      text->find('@', at + 1) == std::string::npos)
    return std::string(*text);
  node.fault_found("no mail address", kMailbox);
  return {};
}

Mail read_mail(const Node& node, const std::filesystem::path& folder) {
  Mail mail;
  if (!node.object(mail_keys(), "an object with \"url\", \"from\" and \"to\"")) return mail;
  const auto url = node.need("url", "the mail server");
  const bool known = url && read_mail_server(*url, mail);
  const auto password = node.find("password");
  if (password) mail.password = read_secret(*password, folder, "the mail server's password");
  if (known && password && mail.user.empty())
    password->fault_found("a password, but no user in the address", "\"url\": \"smtps://USER@HOST\"");
  if (known && !password && !mail.user.empty())
    node.fault_found("a user, but no password", "\"password\": {\"file\": \"/PATH\"}");
  if (const auto tls = node.find("tls")) {
    constexpr std::array<std::string_view, 2> kWords{"required", "off"};
    if (const auto word = tls->word(kWords)) mail.plain = *word == 1;
    if (mail.plain && !mail.user.empty())
      tls->fault_found("a login without TLS", "\"required\"", "the password could be read on the way");
    if (mail.plain && mail.implicit_tls) tls->fault_found("smtps:// without TLS", "smtp:// in \"url\"");
  }
  if (const auto ca = node.find("ca"))
    if (const auto path = read_local_path(*ca, folder)) mail.ca = *path;
  if (const auto from = node.need("from", "who sends it")) mail.from = read_mailbox(*from);
  if (const auto to = node.need("to", "who gets it"))
    for (const Node& item : to->items("an array of addresses", 1)) mail.to.push_back(read_mailbox(item));
  if (const auto on = node.find("on"))
    if (const auto word = on->word(kOn))
      mail.on = std::array{AlarmOn::failure, AlarmOn::change, AlarmOn::always}[*word];
  return mail;
}

}  // namespace

Alarms read_alarms(const Node& node, const std::filesystem::path& folder) {
  Alarms alarms;
  if (!node.object(alarm_keys(), "an object with \"ping\", \"webhooks\", \"mail\" or \"metrics\""))
    return alarms;
  if (const auto ping = node.find("ping")) alarms.ping = read_address(*ping);
  if (const auto webhooks = node.find("webhooks"))
    for (const Node& item : webhooks->items("an array of objects with \"url\"", 1))
      alarms.webhooks.push_back(read_webhook(item, folder));
  if (const auto mail = node.find("mail"))
    for (const Node& item : mail->items("an array of objects with \"url\", \"from\" and \"to\"", 1))
      alarms.mail.push_back(read_mail(item, folder));
  if (const auto metrics = node.find("metrics"))
    if (const auto path = read_local_path(*metrics, folder)) alarms.metrics = *path;
  if (const auto timeout = node.find("timeout")) read_duration(*timeout, alarms.timeout);
  return alarms;
}

}  // namespace outhaul
