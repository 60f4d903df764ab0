// A failure over SFTP in an operator's words. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/remote.h"
#include "remote/host_key.h"
#include "remote/proxy_fault.h"
#include "remote/sftp_fault.h"
#include "remote/ssh_key_file.h"

namespace outhaul {

/// Everything that is known about one failure.
struct SftpStory {
  SftpFault fault;
  std::string remote;  ///< for messages: "sftp://backup.example.net/web01"
  std::string host;
  std::uint16_t port = 0;  ///< 0 = 22
  std::string user;
  ProxyStory proxy;
  std::string doing;   ///< "store \"etc/passwd\""; empty: it failed before anything was asked for
  std::string words;   ///< libcurl's
  std::string system;  ///< the operating system's, when no connection came about
  bool timed_out = false;
  std::chrono::seconds waited{0};

  struct HostKey {
    HostKeyJudge::Verdict verdict = HostKeyJudge::Verdict::none;
    std::string type, fingerprint;  ///< that were seen
    std::string line, file;         ///< what makes it known, and where
    std::vector<std::string> expected;
  } host_key;

  /// How the login was tried.
  struct Login {
    bool password = false, agent = false;
    std::string key;  ///< the file; empty: none
    SshKeyFile key_file;
    std::string methods;  ///< that the server offers; empty: unknown
    std::string key_refusal, agent_refusal;
  } login;
};

RemoteError explain_sftp(const SftpStory& story);

}  // namespace outhaul
