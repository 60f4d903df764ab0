#include "remote/ssh_login.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "outhaul/paths.h"
#include "outhaul/remote.h"

namespace outhaul {
namespace {

constexpr std::size_t kMostKey = 64 * 1024;

/// The start of the file; nothing when it can't be read, with errno.
std::optional<std::string> read_key(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  std::string text(kMostKey, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(got));
  return text;
}

using Wordings = std::initializer_list<std::string_view>;  ///< until 8.20, and from 8.21 on

/// What follows the mark; nullopt when none starts the line.
std::optional<std::string> rest_after(std::string_view line, Wordings marks) {
  for (const std::string_view mark : marks)
    if (line.starts_with(mark)) return printable(line.substr(mark.size()));
  return std::nullopt;
}

RemoteError unusable(const Endpoint& endpoint, const std::string& what, const std::string& advice) {
  return RemoteError(FailureClass::stop_run, fmt::format("{}: {}", printable(endpoint.settings.url), what),
                     advice);
}

}  // namespace

SshLogin::SshLogin(const Endpoint& endpoint) : endpoint_(endpoint), judge_(endpoint.settings) {
  const SshSettings& ssh = endpoint.settings.ssh;
  if (ssh.key.empty() && !ssh.agent && endpoint.login().password.empty())
    throw Error(ErrorKind::usage,
                fmt::format("{}: there is nothing to log in with", printable(endpoint.settings.url)),
                "give the profile's \"remote\" a \"password\", or \"ssh\": {\"key\": \"/path/to/key\"}, or "
                "\"ssh\": {\"agent\": true}");
}

long SshLogin::auth_types() const {
  // Without these, libcurl would try keys of its own choice from ~/.ssh and the working directory.
  const SshSettings& ssh = endpoint_.settings.ssh;
  long types = 0;
  if (!ssh.key.empty()) types |= CURLSSH_AUTH_PUBLICKEY;
  if (ssh.agent) types |= CURLSSH_AUTH_AGENT;
  if (!endpoint_.login().password.empty())
    types |= by_question_ ? CURLSSH_AUTH_KEYBOARD : CURLSSH_AUTH_PASSWORD;
  return types;
}

void SshLogin::configure(CURL* easy) {
  const SshSettings& ssh = endpoint_.settings.ssh;
  if (!ssh.key.empty()) set_option(easy, CURLOPT_SSH_PRIVATE_KEYFILE, ssh.key.c_str());
  set_option(easy, CURLOPT_SSH_PUBLIC_KEYFILE, "");
  set_option(easy, CURLOPT_KEYPASSWD, endpoint_.login().key_passphrase.c_str());
}

void SshLogin::prepare(CURL* easy) {
  notes_ = {};
  look_at_key();
  set_option(easy, CURLOPT_SSH_AUTH_TYPES, auth_types());
  judge_.prepare();
  offer_known_hosts(easy);
}

void SshLogin::look_at_key() {
  const std::filesystem::path& file = endpoint_.settings.ssh.key;
  if (file.empty()) return;
  const std::string name = printable(file.string());
  const auto text = read_key(file);
  if (!text)
    throw unusable(
        endpoint_, fmt::format("the key file {} can't be read: {}", name, std::strerror(errno)),
        "check \"ssh\": {\"key\": …} in the profile, and that the user who runs outhaul may read the file");
  key_file_ = inspect_ssh_key(*text);
  if (key_file_.kind == SshKeyFile::Kind::public_key)
    throw unusable(endpoint_, fmt::format("{} is the public half of a key", name),
                   "name the private key, usually the same path without .pub");
  if (key_file_.kind == SshKeyFile::Kind::putty)
    throw unusable(endpoint_, fmt::format("{} is a PuTTY key", name),
                   fmt::format("convert it: puttygen {} -O private-openssh -o NEW", name));
  if (key_file_.encrypted && endpoint_.login().key_passphrase.empty())
    throw unusable(
        endpoint_, fmt::format("the key {} is encrypted and the profile has no passphrase for it", name),
        "add \"passphrase\": {\"file\": …} to \"ssh\", or let an agent hold the key: \"agent\": true");
}

/// libcurl gives out no other way to say which type of host key is wanted, and it takes the first hashed line
/// of a real known_hosts for the server's, whosever it is.
void SshLogin::offer_known_hosts(CURL* easy) {
  const std::string line = judge_.preference();
  preference_ = Fd(::memfd_create("known_hosts", MFD_CLOEXEC));
  const bool written = preference_ && ::write(preference_.get(), line.data(), line.size()) ==
                                          static_cast<ssize_t>(line.size());
  if (!written) throw errno_error(errno, "can't make a file in memory");
  set_option(easy, CURLOPT_SSH_KNOWNHOSTS, fmt::format("/proc/self/fd/{}", preference_.get()).c_str());
}

bool SshLogin::ask_for_password_instead() {
  const bool offered = notes_.methods.find("keyboard-interactive") != std::string::npos;
  const bool plain = notes_.methods.find("password") != std::string::npos;
  if (by_question_ || !offered || plain || endpoint_.login().password.empty()) return false;
  return by_question_ = true;
}

void SshNotes::take(std::string_view line) {
  const auto says = [&](Wordings marks) { return rest_after(line, marks).has_value(); };
  if (const auto offer = rest_after(
          line, {"SSH authentication methods available: ", "SSH: host offers authentication via: "}))
    methods = *offer;
  else if (const auto refusal = rest_after(
               line, {"SSH public key authentication failed: ", "SSH: publickey authentication denied: "}))
    key_refusal = *refusal;
  else if (says({"Failure connecting to agent", "SSH: failure connecting to agent"}))
    agent_refusal = "no agent answers";
  else if (says({"Failure requesting identities to agent", "SSH: failure requesting identities to agent"}))
    agent_refusal = "the agent doesn't give its keys";
  else if (says({"No identity would match", "SSH: no agent identity would match"}))
    agent_refusal = "the server takes none of the agent's keys";
}

}  // namespace outhaul
