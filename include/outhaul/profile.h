// A profile: one remote, one or more jobs, safety. What the JSON says, typed and checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "outhaul/paths.h"
#include "outhaul/policy.h"

namespace outhaul {

/// Where a secret comes from. The secret itself is resolved late (profile/secret.h) and never stored in here.
struct SecretSource {
  enum class Kind : std::uint8_t { none, env, file, command, netrc };
  Kind kind = Kind::none;
  std::string name;                  ///< env: the variable; file: the path (netrc: path, empty = ~/.netrc)
  std::vector<std::string> command;  ///< command: argv, run without a shell
};

enum class Scheme : std::uint8_t { ftp, ftps, file };

struct TlsSettings {
  bool off = false;               ///< only when the profile says "tls": "off" in words; ftp:// only
  std::filesystem::path ca;       ///< PEM bundle; empty = the system's
  std::vector<std::string> pins;  ///< "sha256//BASE64" of the server's public key; any one must match
  bool verify = true;             ///< chain and host name; "verify": false needs a pin
};

struct RemoteSettings {
  Scheme scheme = Scheme::ftp;
  std::string url;         ///< as written, without user information: for messages and reports
  std::string host;        ///< without brackets for IPv6
  std::uint16_t port = 0;  ///< 0 = the scheme's own
  std::string user;        ///< empty: anonymous, or netrc's login
  /// Base directory in wire form. FTP: relative to the login directory unless `absolute`; file: an absolute
  /// local path.
  std::string base;
  bool absolute = false;
  SecretSource password;
  int connections = 2;  ///< the one cap for everything, 1…64
  TlsSettings tls;
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds no_progress_timeout{120};
  std::chrono::seconds final_reply_timeout{600};
  int retries = 5;
};

struct Job {
  std::string name;
  std::filesystem::path source;      ///< absolute
  RemotePath target;                 ///< below the remote's base; empty = the base itself
  std::vector<std::string> exclude;  ///< gitignore patterns, defaults first, then the job's own
  bool one_file_system = false;
  OnRemoval on_removal = OnRemoval::keep;
  Compare compare = Compare::stat;
};

struct Profile {
  std::string name;
  std::filesystem::path file;  ///< where it was read; empty for `mirror`
  RemoteSettings remote;
  std::vector<Job> jobs;
  GuardPolicy safety;
};

}  // namespace outhaul
