#include "remote/sftp_explain.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>

#include "outhaul/paths.h"

namespace outhaul {
namespace {

using Verdict = HostKeyJudge::Verdict;

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

std::string address(const SftpStory& story) {
  return story.port == 0 ? story.host : fmt::format("{} port {}", story.host, story.port);
}

std::string pin_of(const SftpStory::HostKey& key) {
  return key.fingerprint.empty() ? std::string() : "sha256" + key.fingerprint.substr(6);
}

Words unknown_host(const SftpStory::HostKey& key) {
  return {fmt::format("the server is not known: its host key is {} {}, and {} has none for it", key.type,
                      key.fingerprint, key.file),
          fmt::format("compare the fingerprint with what whoever runs the server says. If it is the same, "
                      "add this line to "
                      "{}:\n{}\nor write \"ssh\": {{\"host_key\": \"{}\"}} into the profile's \"remote\"",
                      key.file, key.line, pin_of(key))};
}

Words changed_host(const SftpStory::HostKey& key) {
  return {
      fmt::format("THE SERVER'S HOST KEY IS NOT THE KNOWN ONE: it shows {} {}, known is {}. Somebody may be "
                  "posing as "
                  "the server",
                  key.type, key.fingerprint, joined(key.expected, " or ")),
      fmt::format(
          "don't connect before whoever runs the server has confirmed the new fingerprint. Then replace the "
          "server's lines in {} by:\n{}",
          key.file, key.line)};
}

Words host_refused(const SftpStory& story) {
  const SftpStory::HostKey& key = story.host_key;
  switch (key.verdict) {
    case Verdict::unknown:
      return unknown_host(key);
    case Verdict::changed:
      return changed_host(key);
    case Verdict::revoked:
      return {fmt::format("the server shows the host key {} {}, which {} calls revoked", key.type,
                          key.fingerprint, key.file),
              "don't connect: ask whoever runs the server for its new key"};
    case Verdict::not_pinned:
      return {
          fmt::format("the server's host key is {} {}, not what the profile pins ({})", key.type,
                      key.fingerprint, joined(key.expected, ", ")),
          fmt::format(
              "if whoever runs the server has changed its key (ask!), write \"host_key\": \"{}\" into the "
              "profile's \"ssh\"; otherwise somebody may be posing as the server: don't connect",
              pin_of(key))};
    default:
      return {"the server's host key could not be checked: " + story.words, {}};
  }
}

std::string tried(const SftpStory::Login& login) {
  std::vector<std::string> ways;
  if (!login.key.empty())
    ways.push_back(fmt::format("the key {}{}", login.key,
                               login.key_refusal.empty() ? "" : fmt::format(" ({})", login.key_refusal)));
  if (login.password) ways.emplace_back("the password");
  if (login.agent)
    ways.push_back(login.agent_refusal.empty() ? "the agent's keys"
                                               : fmt::format("the agent's keys ({})", login.agent_refusal));
  return joined(ways, " and ");
}

std::string login_advice(const SftpStory& story) {
  const SftpStory::Login& login = story.login;
  const bool may_key = login.methods.empty() || login.methods.find("publickey") != std::string::npos;
  const bool may_password = login.methods.empty() || login.methods.find("password") != std::string::npos ||
                            login.methods.find("keyboard-interactive") != std::string::npos;
  if (!login.key.empty() && login.key_file.kind == SshKeyFile::Kind::rsa)
    return "it is an RSA key: the SSH library in use signs with it only in the old way (SHA-1), which "
           "OpenSSH 8.8 and later "
           "refuse. Make an ed25519 key (ssh-keygen -t ed25519) and have its public half added on the server";
  if (!login.key.empty() && login.key_file.encrypted)
    return "check the passphrase where the profile's \"ssh\": {\"passphrase\"} gets it, and that the key's "
           "public half is in "
           "the account's authorized_keys on the server";
  if (!login.key.empty() && may_key)
    return "check that the key's public half is in the account's authorized_keys on the server, and the user "
           "name";
  if (login.password && !may_password)
    return "the server takes no passwords: give the profile \"ssh\": {\"key\": …}, and the server its public "
           "half";
  if (login.password)
    return fmt::format(
        "check the user name \"{}\" in the URL and the password where the profile's \"password\" gets it; "
        "outhaul tried once only, so that the account is not locked",
        printable(story.user));
  return "check that ssh-agent runs where outhaul runs (SSH_AUTH_SOCK; cron has none) and holds the key "
         "(ssh-add -l)";
}

Words login_refused(const SftpStory& story) {
  const std::string offers =
      story.login.methods.empty() ? std::string() : fmt::format("; it takes: {}", story.login.methods);
  return {fmt::format("the server refused the login of user \"{}\" with {}{}", printable(story.user),
                      tried(story.login), offers),
          login_advice(story)};
}

Words handshake_failed(const SftpStory& story) {
  if (story.fault.no_agreement)
    return {"the server and this machine's SSH library share no algorithm: " + story.words,
            "one of the two is too old or too strict; ask whoever runs the server which host keys and "
            "ciphers it offers"};
  if (story.fault.no_greeting)
    return {fmt::format("the SSH server at {} turned this machine away before its greeting ({})",
                        address(story), story.words),
            "OpenSSH from 9.8 on does that for a while, up to ten minutes, after connections from this "
            "address that "
            "ended without a login or with a refused one (PerSourcePenalties), and all versions when too "
            "many begin "
            "at a time (MaxStartups). outhaul tries again; if it lasts, look for what else on this machine "
            "fails to "
            "log in there, use fewer \"connections\", or ask whoever runs the server to exempt this address "
            "(PerSourcePenaltyExemptList)"};
  if (story.fault.no_sftp)
    return {"the login worked, but the server offers no SFTP: " + story.words,
            "ask whoever runs it to enable SFTP for this account"};
  return {fmt::format("the SSH connection to {} was not established: {}", address(story), story.words),
          "if this persists, check that an SSH server listens on that port and how many connections it takes "
          "at a time"};
}

Words network(const SftpStory& story) {
  const SftpFault& fault = story.fault;
  if (fault.curl_code == CURLE_COULDNT_RESOLVE_HOST)
    return fault.name_unknown
               ? Words{fmt::format("unknown host \"{}\"", printable(story.host)),
                       "check the host name in the URL"}
               : Words{fmt::format("the name \"{}\" can't be looked up now", printable(story.host)),
                       "check this machine's network and name server"};
  if (fault.curl_code == CURLE_COULDNT_CONNECT && !story.proxy.url.empty())
    return explain_proxy(story.proxy, story.system.empty() ? story.words : story.system);
  if (fault.curl_code == CURLE_COULDNT_CONNECT)
    return {fmt::format("no connection to {}: {}", address(story),
                        story.system.empty() ? story.words : story.system),
            "check that the SSH server runs, the port in the URL, and firewalls"};
  if (!story.timed_out && !fault.logged_in)
    return {fmt::format("no connection to {} in time: {}", address(story), story.words),
            "check that the host is up and that no firewall drops the connection"};
  if (fault.phase == Phase::store_final)
    return {fmt::format("all bytes were sent, but the server did not confirm them within {} s",
                        story.waited.count()),
            "outhaul looks at the size on the server before it sends anything again"};
  return {fmt::format("nothing moved for {} s", story.waited.count()),
          "check the link; slow servers can be given more time with \"no_progress_timeout\""};
}

Words refused(const SftpStory& story) {
  switch (story.fault.status) {
    case SftpStatus::missing:
      return {"there is no such file or directory on the server", {}};
    case SftpStatus::denied:
      return {"the server says: permission denied", "check the account's permissions there"};
    case SftpStatus::failure:
    case SftpStatus::unsaid:
      return {fmt::format("the server refused without a reason ({})", story.words),
              "something else may stand under that name, or the server's disk may be full"};
    default:
      return {story.words, {}};
  }
}

Words words_for(const SftpStory& story) {
  const SftpFault& fault = story.fault;
  if (fault.proxy != ProxyFault::none) return explain_proxy(story.proxy, story.words);
  switch (fault.curl_code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return host_refused(story);
    case CURLE_LOGIN_DENIED:
      return login_refused(story);
    case CURLE_FAILED_INIT:
      return handshake_failed(story);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
      return network(story);
    default:
      break;
  }
  if (!fault.logged_in) return handshake_failed(story);
  const int reply = reply_code_for(fault);
  if (reply == 552)
    return {"the server's disk or your quota is full",
            "make room on the remote or buy some; what was stored stays, and the next run goes on from here"};
  if (reply == 451)
    return {"the server could not write to its disk",
            "if this persists, its disk or your quota is full: SFTP servers rarely say so"};
  if (reply != 0) return refused(story);
  return {"the connection was lost: " + story.words, {}};
}

}  // namespace

RemoteError explain_sftp(const SftpStory& story) {
  const Words words = words_for(story);
  const bool about_server = story.doing.empty() || !story.fault.logged_in;
  const std::string message = about_server
                                  ? fmt::format("{}: {}", story.remote, words.what)
                                  : fmt::format("{}: cannot {}: {}", story.remote, story.doing, words.what);
  return RemoteError(classify_sftp(story.fault), message, words.advice, reply_code_for(story.fault),
                     story.words);
}

}  // namespace outhaul
