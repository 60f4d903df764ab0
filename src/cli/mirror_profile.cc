#include "cli/mirror_profile.h"

#include <fmt/format.h>

#include <charconv>

#include "filter/leave_out.h"
#include "filter/patterns.h"
#include "job/mirror.h"
#include "outhaul/charset.h"
#include "outhaul/error.h"
#include "profile/decode_ssh.h"
#include "profile/decode_tls.h"
#include "profile/job_checks.h"
#include "profile/proxy_url.h"
#include "profile/quantity.h"
#include "profile/remote_checks.h"
#include "profile/url.h"

namespace outhaul::cli {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& advice = {}) {
  throw Error(ErrorKind::usage, message, advice);
}

Limit parse_limit(const std::string& text) {
  const bool percent = text.ends_with('%');
  const std::string_view digits(text.data(), text.size() - (percent ? 1 : 0));
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (fault != std::errc{} || end != digits.data() + digits.size() || (percent && value > 100))
    refuse(fmt::format("--max-delete: \"{}\" is not a limit", printable(text)),
           "Write a number of files, like 100, or a share, like 20%.");
  Limit limit;
  if (percent)
    limit.percent = static_cast<double>(value);
  else
    limit.count = value;
  return limit;
}

Proof parse_proof(const std::string& word) {
  if (word == "hash") return Proof::hash;
  if (word == "read_back") return Proof::read_back;
  return Proof::size;
}

Compare parse_compare(const std::string& word) {
  if (word == "mtime") return Compare::mtime;
  if (word == "hash") return Compare::hash;
  return Compare::stat;
}

std::filesystem::path absolute_if_any(const std::filesystem::path& path) {
  return path.empty() ? path : std::filesystem::absolute(path);
}

SecretSource from_env(const std::string& name) {
  return name.empty() ? SecretSource{} : SecretSource{SecretSource::Kind::env, name, {}};
}

SecretSource password_for(const MirrorChoices& what, const RemoteSettings& remote) {
  SecretSource secret;
  if (!what.password_env.empty()) return from_env(what.password_env);
  if (!what.password_file.empty())
    return {SecretSource::Kind::file, std::filesystem::absolute(what.password_file).native(), {}};
  if (what.netrc) {
    secret.kind = SecretSource::Kind::netrc;
    return secret;
  }
  const bool ssh = remote.scheme == Scheme::sftp;
  const bool known_otherwise = ssh ? what.ssh_agent || !what.ssh_key.empty() : is_anonymous(remote.user);
  if (!known_otherwise)
    refuse(fmt::format("no password for user \"{}\"", printable(remote.user)),
           ssh ? "Give --ssh-key FILE, --ssh-agent, --password-env VARIABLE, --password-file FILE or --netrc."
               : "Give --password-env VARIABLE, --password-file FILE or --netrc.");
  return secret;
}

RemoteSettings remote_at(const std::string& url) {
  try {
    return parse_remote_url(url);
  } catch (const Error& error) {
    refuse(fmt::format("url: {}", error.what()), error.advice());
  }
}

TlsSettings tls_from(const MirrorChoices& what, Scheme scheme) {
  if (what.tls_off && scheme != Scheme::ftp)
    refuse("--tls-off is for ftp:// only",
           "ftps:// is TLS from the first byte, and sftp:// and file:// have none.");
  const bool asked = !what.ca.empty() || !what.pins.empty() || what.no_verify || !what.certificate.empty();
  if (asked && scheme != Scheme::ftp && scheme != Scheme::ftps)
    refuse("--ca, --pin, --no-verify, --certificate and --key are for ftp:// and ftps:// only",
           "With sftp://, --known-hosts or --host-key say which server to trust.");
  if (what.no_verify && what.pins.empty())
    refuse("--no-verify needs --pin", "Without either, anybody could pose as the server.");
  for (const std::string& pin : what.pins)
    if (!is_pin(pin))
      refuse(fmt::format("--pin: \"{}\" is not a pin", printable(pin)),
             "Write it as sha256//BASE64, as a refused connection shows it.");
  TlsSettings tls;
  tls.off = what.tls_off;
  tls.ca = absolute_if_any(what.ca);
  tls.pins = what.pins;
  tls.verify = !what.no_verify;
  tls.certificate = absolute_if_any(what.certificate);
  tls.key = absolute_if_any(what.key);
  return tls;
}

SshSettings ssh_from(const MirrorChoices& what, Scheme scheme) {
  const bool asked =
      what.ssh_agent || !what.ssh_key.empty() || !what.known_hosts.empty() || !what.host_keys.empty();
  if (asked && scheme != Scheme::sftp)
    refuse("--ssh-key, --ssh-agent, --known-hosts and --host-key are for sftp:// only",
           "Leave them out, or write the URL as sftp://.");
  SshSettings ssh;
  ssh.known_hosts = absolute_if_any(what.known_hosts);
  ssh.key = absolute_if_any(what.ssh_key);
  ssh.passphrase = from_env(what.ssh_passphrase_env);
  ssh.agent = what.ssh_agent;
  for (const std::string& text : what.host_keys) {
    const auto key = parse_host_key(text);
    if (!key)
      refuse(fmt::format("--host-key: \"{}\" is not a host key", printable(text)),
             fmt::format("Give {}.", kHostKeyShape));
    ssh.host_keys.push_back(*key);
  }
  return ssh;
}

ProxySettings proxy_from(const MirrorChoices& what, Scheme scheme) {
  if (what.proxy.empty()) return {};
  if (scheme == Scheme::file) refuse("--proxy: a mounted disk has no connection", "Leave it out.");
  if (what.active)
    refuse("--active and --proxy exclude each other",
           "In active mode the server connects to this machine, which no proxy passes on.");
  try {
    ProxySettings proxy = parse_proxy_url(what.proxy);
    proxy.password = from_env(what.proxy_password_env);
    const bool given = !what.proxy_password_env.empty();
    if (given != (!proxy.user.empty() && takes_password(proxy)))
      refuse(given ? "--proxy-password-env, but no user in the proxy's URL that it could be the password of"
                   : fmt::format("no password for the proxy's user \"{}\"", printable(proxy.user)),
             "A user of an HTTP or SOCKS 5 proxy and --proxy-password-env belong together.");
    return proxy;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw;
    refuse(fmt::format("--proxy: {}", error.what()), error.advice());
  }
}

/// Mode, account, names and bandwidth.
void set_manners(const MirrorChoices& what, RemoteSettings& remote) {
  const bool ftp = remote.scheme == Scheme::ftp || remote.scheme == Scheme::ftps;
  if ((what.active || !what.account.empty()) && !ftp)
    refuse("--active and --account are for ftp:// and ftps:// only", "Leave them out.");
  if (what.active) remote.mode = DataMode::active;
  remote.account = what.account;
  remote.names = {what.windows_names, what.encoding};
  if (!what.encoding.empty())
    if (const std::string fault = charset_fault(what.encoding); !fault.empty())
      refuse(fmt::format("--encoding: \"{}\", {}", printable(what.encoding), fault),
             "Name a character set as iconv --list shows it, such as ISO-8859-1 or CP1252.");
  if (what.bandwidth.empty()) return;
  const auto rate = parse_rate(what.bandwidth);
  if (!rate)
    refuse(fmt::format("--bandwidth: \"{}\" is not a rate", printable(what.bandwidth)),
           fmt::format("Give {}.", kRateShape));
  remote.bandwidth = {{0, 0, *rate}};
}

LeaveOut leave_out_of(const MirrorChoices& what) {
  LeaveOut rules;
  if (!what.exclude_larger_than.empty()) {
    rules.larger_than = parse_bytes(what.exclude_larger_than);
    if (!rules.larger_than)
      refuse(fmt::format("--exclude-larger-than: \"{}\" is not a size", printable(what.exclude_larger_than)),
             fmt::format("Give {}.", kBytesShape));
  }
  for (const std::string& name : what.exclude_if_present)
    if (const std::string fault = marker_fault(name); !fault.empty())
      refuse(fmt::format("--exclude-if-present \"{}\": it {}", printable(name), fault),
             "Give the name of a file, such as .nobackup.");
  rules.if_present = what.exclude_if_present;
  rules.caches = what.exclude_caches;
  rules.nodump = what.nodump;
  return rules;
}

const std::vector<std::string>& checked_patterns(const char* option,
                                                 const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns)
    if (const std::string fault = pattern_fault(pattern); !fault.empty())
      refuse(fmt::format("{} \"{}\": {}", option, printable(pattern), fault));
  return patterns;
}

}  // namespace

Profile mirror_profile(const MirrorChoices& what) {
  RemoteSettings remote = remote_at(what.url);
  if (remote.scheme != Scheme::file) remote.password = password_for(what, remote);
  remote.connections = what.connections;
  remote.tls = tls_from(what, remote.scheme);
  remote.ssh = ssh_from(what, remote.scheme);
  remote.proxy = proxy_from(what, remote.scheme);
  set_manners(what, remote);
  Profile profile = outhaul::mirror_profile(what.source, remote);
  Job& job = profile.jobs.front();
  job.exclude = checked_patterns("--exclude", what.exclude);
  job.changing = checked_patterns("--accept-changing", what.accept_changing);
  job.leave_out = leave_out_of(what);
  job.one_file_system = what.one_file_system;
  job.on_removal = what.remove ? OnRemoval::remove : OnRemoval::keep;
  job.compare = parse_compare(what.compare);
  job.proof = parse_proof(what.proof);
  profile.safety.overwrite = what.overwrite;
  if (!what.max_delete.empty()) profile.safety.max_delete = parse_limit(what.max_delete);
  if (const auto fault = own_copy(job, true, profile.remote))
    throw Error(ErrorKind::usage, "mirror: the source is " + fault->found,
                "Choose another directory for the copy, or leave it out with --exclude.");
  return profile;
}

}  // namespace outhaul::cli
