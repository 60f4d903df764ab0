#include "profile/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace outhaul {
namespace {

using Word = std::string_view;

constexpr std::array<Word, 11> kProfile{"$schema", "profile", "description", "remote", "defaults", "jobs",
                                        "safety",  "until",   "catalog",     "verify", "alarms"};
constexpr std::array<Word, 5> kAlarms{"ping", "webhooks", "mail", "metrics", "timeout"};
constexpr std::array<Word, 7> kMail{"url", "password", "tls", "ca", "from", "to", "on"};
constexpr std::array<Word, 4> kWebhook{"url", "form", "on", "token"};
constexpr std::array<Word, 2> kVerify{"description", "read_all_within"};

constexpr std::array<Word, 17> kRemote{"description", "url",   "password", "connections", "tls",
                                       "ssh",         "mode",  "proxy",    "account",     "bandwidth",
                                       "encoding",    "names", "timeouts", "retries",     "control_dir",
                                       "part_suffix", "quota"};
constexpr std::array<Word, 0> kRemoteLater{};

constexpr std::array<Word, 5> kPassword{"env", "file", "command", "credential", "netrc"};

constexpr std::array<Word, 7> kTls{"ca",  "pin",          "verify",     "certificate",
                                   "key", "key_password", "max_version"};
constexpr std::array<Word, 5> kSsh{"known_hosts", "host_key", "key", "passphrase", "agent"};
constexpr std::array<Word, 2> kProxy{"url", "password"};
constexpr std::array<Word, 3> kBandwidth{"from", "to", "limit"};

constexpr std::array<Word, 3> kTimeouts{"connect", "no_progress", "final_reply"};

constexpr std::array<Word, 19> kDefaults{"description",
                                         "exclude",
                                         "exclude_larger_than",
                                         "exclude_if_present",
                                         "exclude_caches",
                                         "keep_exclude_tags",
                                         "nodump",
                                         "on_removal",
                                         "versions",
                                         "compare",
                                         "proof",
                                         "one_file_system",
                                         "xattrs",
                                         "preserve_mtime",
                                         "remote_modes",
                                         "foreign",
                                         "append_only",
                                         "changing",
                                         "hooks"};
constexpr std::array<Word, 22> kJob{"name",
                                    "description",
                                    "source",
                                    "target",
                                    "exclude",
                                    "exclude_larger_than",
                                    "exclude_if_present",
                                    "exclude_caches",
                                    "keep_exclude_tags",
                                    "nodump",
                                    "on_removal",
                                    "versions",
                                    "compare",
                                    "proof",
                                    "one_file_system",
                                    "xattrs",
                                    "preserve_mtime",
                                    "remote_modes",
                                    "foreign",
                                    "append_only",
                                    "changing",
                                    "hooks"};
constexpr std::array<Word, 4> kJobLater{"layout", "encryption", "compression", "verify"};

constexpr std::array<Word, 1> kChanging{"accept"};
constexpr std::array<Word, 4> kHooks{"before", "after", "on_failure", "timeout"};
constexpr std::array<Word, 2> kRemoteModes{"file", "dir"};

constexpr std::array<Word, 8> kVersionWords{"last",    "hourly", "daily",  "weekly",
                                        "monthly", "yearly", "within", "max_bytes"};

constexpr std::array<Word, 4> kSafety{"description", "max_delete", "max_change", "require"};

bool has(const Keys& keys, std::string_view key) {
  return std::ranges::find(keys.known, key) != keys.known.end();
}

}  // namespace

Keys profile_keys() {
  return {kProfile, {}};
}
Keys verify_keys() {
  return {kVerify, {}};
}
Keys remote_keys() {
  return {kRemote, kRemoteLater};
}
Keys password_keys() {
  return {kPassword, {}};
}
Keys secret_keys() {
  return {std::span(kPassword).first(kPassword.size() - 1), {}};
}
Keys tls_keys() {
  return {kTls, {}};
}
Keys ssh_keys() {
  return {kSsh, {}};
}
Keys proxy_keys() {
  return {kProxy, {}};
}
Keys bandwidth_keys() {
  return {kBandwidth, {}};
}
Keys timeout_keys() {
  return {kTimeouts, {}};
}
Keys version_keys() {
  return {kVersionWords, {}};
}
Keys changing_keys() {
  return {kChanging, {}};
}
Keys alarm_keys() {
  return {kAlarms, {}};
}
Keys mail_keys() {
  return {kMail, {}};
}
Keys webhook_keys() {
  return {kWebhook, {}};
}
Keys hook_keys() {
  return {kHooks, {}};
}
Keys remote_modes_keys() {
  return {kRemoteModes, {}};
}
Keys default_keys() {
  return {kDefaults, kJobLater};
}
Keys job_keys() {
  return {kJob, kJobLater};
}
Keys safety_keys() {
  return {kSafety, {}};
}

std::string key_belongs_elsewhere(std::string_view key) {
  if (key == "user" || key == "username" || key == "login" || key == "host" || key == "port" || key == "path")
    return "it belongs into the URL: \"url\": \"ftp://USER@HOST:PORT/DIRECTORY\"";
  if (key == "comment" || key == "_comment" || key == "//") return "comments are written as \"description\"";
  if (key == "key" || key == "key_file" || key == "private_key" || key == "identity_file")
    return "an SSH key is \"remote\": {\"ssh\": {\"key\": …}}, a TLS client's is \"remote\": {\"tls\": "
           "{\"certificate\": …, \"key\": …}}";
  if (key == "client_certificate" || key == "cert") return "it is called \"certificate\", in \"tls\"";
  struct Home {
    Keys keys;
    std::string_view where;
  };
  const std::array homes{Home{default_keys(), "\"defaults\", or into a job"},
                         Home{remote_keys(), "\"remote\""},
                         Home{timeout_keys(), "\"remote\": {\"timeouts\": …}"},
                         Home{tls_keys(), "\"remote\": {\"tls\": …}"},
                         Home{ssh_keys(), "\"remote\": {\"ssh\": …}"},
                         Home{password_keys(), "\"remote\": {\"password\": …}"},
                         Home{safety_keys(), "\"safety\""},
                         Home{hook_keys(), "\"hooks\": {…}, in \"defaults\" or in a job"},
                         Home{alarm_keys(), "\"alarms\""},
                         Home{version_keys(), "\"versions\": {…}, in \"defaults\" or in a job"},
                         Home{verify_keys(), "\"verify\""},
                         Home{job_keys(), "a job: \"jobs\": [{…}]"},
                         Home{profile_keys(), "the top of the profile"}};
  for (const Home& home : homes)
    if (has(home.keys, key)) return fmt::format("it belongs into {}", home.where);
  return {};
}

}  // namespace outhaul
