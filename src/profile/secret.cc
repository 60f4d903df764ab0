#include "profile/secret.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "profile/decode_secret.h"
#include "profile/netrc.h"
#include "profile/private_file.h"
#include "profile/remote_checks.h"
#include "profile/secret_command.h"
#include "profile/wipe.h"

namespace outhaul {
namespace {

constexpr std::chrono::seconds kCommandLimit{60};

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16Marks[] = {"\xFF\xFE", "\xFE\xFF"};

/// Without the byte order mark that some editors put in front: nobody types one into a password, and the
/// server would only say that the login is wrong.
std::string_view plain_text(std::string_view text, const std::string& origin) {
  const bool utf16 = std::ranges::any_of(kUtf16Marks, [&](auto mark) { return text.starts_with(mark); });
  if (utf16 || text.find('\0') != std::string_view::npos)
    throw Error(
        ErrorKind::profile,
        fmt::format("{}: {}", origin,
                    utf16 ? "it is UTF-16 text, which no server takes for the password"
                          : "it holds NUL bytes: it is no plain text, or UTF-16"),
        "save it as UTF-8 text without a byte order mark; Windows editors and PowerShell's \">\" write "
        "UTF-16");
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  return text;
}

/// Without the line ends behind it, as every editor and `echo` leave one.
Secret one_line(const Secret& secret, const std::string& origin) {
  std::string_view text = plain_text(secret.reveal(), origin);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return Secret(std::string(text));
}

bool holds_control_byte(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F; });
}

/// A secret that could not be sent in a PASS command (RFC 959 §5.3) is refused here, where its source is
/// known.
Secret checked(Secret secret, const std::string& origin) {
  const std::string& text = secret.reveal();
  if (text.empty())
    throw Error(ErrorKind::profile, fmt::format("{}: it is empty", origin), "put the password there");
  if (text.find('\n') != std::string::npos)
    throw Error(ErrorKind::profile, fmt::format("{}: more than one line", origin),
                "it must hold the password alone, on one line");
  if (holds_control_byte(text))
    throw Error(ErrorKind::profile, fmt::format("{}: it holds a control byte, which FTP can't send", origin),
                "check that it holds the password as plain text");
  return secret;
}

Secret from_env(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  const std::string origin = fmt::format("the environment variable {}", name);
  if (value == nullptr)
    throw Error(ErrorKind::profile, fmt::format("{} is not set", origin),
                "set it where outhaul is started; cron and systemd don't read your shell's profile");
  return checked(one_line(Secret(value), origin), origin);
}

Secret from_file(const std::string& path) {
  const std::string origin = fmt::format("the secret file {}", printable(path));
  return checked(one_line(read_private_file(path, "the secret file"), origin), origin);
}

Secret from_command(const std::vector<std::string>& argv, const CancelToken* cancel) {
  const std::string origin = fmt::format("what the secret command \"{}\" printed", printable(argv.at(0)));
  return checked(one_line(run_secret_command(argv, kCommandLimit, cancel), origin), origin);
}

/// systemd puts each credential into a file of its own, in a directory that only the service can enter
/// (systemd.exec(5), LoadCredential=).
Secret from_credential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0')
    throw Error(ErrorKind::profile,
                fmt::format("the credential {}: CREDENTIALS_DIRECTORY is not set", printable(name)),
                fmt::format("it is set for services that systemd starts: add LoadCredential={}:/PATH to the "
                            "unit; by hand, set it to a directory that holds the file",
                            printable(name)));
  const std::string origin = fmt::format("the credential {}", printable(name));
  return checked(one_line(read_credential_file(std::string(directory) + "/" + name), origin), origin);
}

/// Empty when none is named. netrc is for logins only, see from_netrc().
Secret secret_from(const SecretSource& source, const CancelToken* cancel) {
  switch (source.kind) {
    case SecretSource::Kind::env:
      return from_env(source.name);
    case SecretSource::Kind::file:
      return from_file(source.name);
    case SecretSource::Kind::command:
      return from_command(source.command, cancel);
    case SecretSource::Kind::credential:
      return from_credential(source.name);
    case SecretSource::Kind::netrc:
    case SecretSource::Kind::none:
      break;
  }
  return {};
}

std::string netrc_path() {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    if (const passwd* entry = ::getpwuid(::geteuid())) home = entry->pw_dir;
  if (home == nullptr || *home == '\0')
    throw Error(ErrorKind::profile, "the netrc file: there is no home directory to look for it in",
                "name the file: \"password\": {\"netrc\": \"/PATH\"}");
  return std::string(home) + "/.netrc";
}

Credentials from_netrc(const RemoteSettings& remote) {
  const std::string path = remote.password.name.empty() ? netrc_path() : remote.password.name;
  const std::string origin = fmt::format("the netrc file {}", printable(path));
  const Secret text = read_private_file(path, "the netrc file");
  std::optional<Credentials> found;
  try {
    found = find_in_netrc(plain_text(text.reveal(), origin), remote.host, remote.user);
  } catch (const Error& error) {
    throw Error(ErrorKind::profile, fmt::format("{}: {}", origin, error.what()), error.advice());
  }
  if (!found) {
    const std::string login = remote.user.empty() ? "USER" : printable(remote.user);
    throw Error(ErrorKind::profile,
                fmt::format("{}: no entry with a password for machine {}{}", origin, remote.host,
                            remote.user.empty() ? "" : fmt::format(" and login {}", login)),
                fmt::format("add a line: machine {} login {} password …", remote.host, login));
  }
  // A quoted login can hold an escaped line break, and USER goes out as it is: it would start a second
  // command.
  if (holds_control_byte(found->user))
    throw Error(ErrorKind::profile,
                fmt::format("{}: the login for machine {} holds a control byte", origin, remote.host),
                "correct the login in that file");
  return {std::move(found->user), checked(std::move(found->password), origin)};
}

Credentials anonymous(const std::string& user) {
  // RFC 1635 §2.1: some e-mail address; servers that look at it want an "@".
  return {user.empty() ? "anonymous" : user, Secret("outhaul@")};
}

/// User and password.
Credentials login_for(const RemoteSettings& remote, const CancelToken* cancel) {
  if (remote.password.kind == SecretSource::Kind::netrc) return from_netrc(remote);
  if (remote.password.kind != SecretSource::Kind::none)
    return {remote.user, secret_from(remote.password, cancel)};
  if (remote.scheme == Scheme::sftp && (!remote.ssh.key.empty() || remote.ssh.agent))
    return {remote.user, Secret{}};
  if (remote.scheme != Scheme::sftp && is_anonymous(remote.user)) return anonymous(remote.user);
  throw Error(ErrorKind::profile, fmt::format("no password is given for the user {}", printable(remote.user)),
              fmt::format("say where it comes from: \"password\": {}", kPasswordShape));
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) {
  wipe(value);
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
  wipe(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret::~Secret() {
  wipe(value_);
}

Secret resolve_secret(const SecretSource& source, const CancelToken* cancel) {
  return secret_from(source, cancel);
}

Credentials resolve_credentials(const RemoteSettings& remote, const CancelToken* cancel) {
  if (remote.scheme == Scheme::file) return {};
  Credentials credentials = login_for(remote, cancel);
  credentials.key_passphrase = secret_from(remote.ssh.passphrase, cancel);
  credentials.tls_key_password = secret_from(remote.tls.key_password, cancel);
  credentials.proxy_password = secret_from(remote.proxy.password, cancel);
  return credentials;
}

void check_secret_files(const RemoteSettings& remote) {
  if (remote.password.kind == SecretSource::Kind::netrc) from_netrc(remote);
  for (const SecretSource* source :
       {&remote.password, &remote.ssh.passphrase, &remote.tls.key_password, &remote.proxy.password})
    if (source->kind == SecretSource::Kind::file) from_file(source->name);
}

}  // namespace outhaul
