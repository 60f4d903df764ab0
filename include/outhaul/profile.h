// A profile: one remote, one or more jobs, safety. What the JSON says, typed and checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/leave_out.h"
#include "outhaul/names.h"
#include "outhaul/paths.h"
#include "outhaul/policy.h"
#include "outhaul/remote_modes.h"

namespace outhaul {

/// Where a secret comes from. The secret itself is resolved late (profile/secret.h) and never stored in here.
struct SecretSource {
  enum class Kind : std::uint8_t { none, env, file, command, netrc, credential };
  Kind kind = Kind::none;
  std::string name;                  ///< env: the variable; file: the path; credential: the name below
                                     ///< $CREDENTIALS_DIRECTORY; netrc: the path, empty = ~/.netrc
  std::vector<std::string> command;  ///< command: argv, run without a shell
};

enum class Scheme : std::uint8_t { ftp, ftps, sftp, file };

/// Who opens data connections (RFC 959 §3.2). Active: the server does, to a port of ours.
enum class DataMode : std::uint8_t { passive, active };

struct TlsSettings {
  bool off = false;                   ///< only when the profile says "tls": "off" in words; ftp:// only
  std::filesystem::path ca;           ///< PEM bundle; empty = the system's
  std::vector<std::string> pins;      ///< "sha256//BASE64" of the server's public key; any one must match
  bool verify = true;                 ///< chain and host name; "verify": false needs a pin
  std::filesystem::path certificate;  ///< the client's own, PEM; empty = none
  std::filesystem::path key;          ///< its private key, PEM; empty = in `certificate`
  SecretSource key_password;
  std::string max_version;  ///< "1.2" or "1.3"; empty = the best that works
};

/// How an sftp:// server and we prove who we are.
struct SshSettings {
  std::filesystem::path known_hosts;  ///< empty = ~/.ssh/known_hosts
  /// "sha256:BASE64" of the server's host key, without padding; any one must match. Empty: known_hosts
  /// decides.
  std::vector<std::string> host_keys;
  std::filesystem::path key;  ///< private key file; empty = none
  SecretSource passphrase;    ///< of `key`
  bool agent = false;         ///< ask ssh-agent
};

/// What stands between us and the server.
struct ProxySettings {
  std::string url;   ///< "http://HOST:PORT" (CONNECT), "socks5h://HOST:PORT", "socks4a://…"; empty = none
  std::string user;  ///< from the URL
  SecretSource password;
  bool used() const noexcept { return !url.empty(); }
};

/// A limit of all connections together, for a part of the day in local time. from == to: the whole day.
struct BandwidthRule {
  int from_minute = 0, to_minute = 0;  ///< minutes after midnight; from > to: over midnight
  std::uint64_t bytes_per_second = 0;  ///< 0 = no limit
  friend bool operator==(const BandwidthRule&, const BandwidthRule&) = default;
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
  SshSettings ssh;
  ProxySettings proxy;
  DataMode mode = DataMode::passive;
  std::string account;  ///< ACCT (RFC 959 §4.1.1); empty = none
  NameRules names;
  std::optional<std::uint64_t> quota{};  ///< bytes that everything of this profile may take there
  bool watch_space = true;               ///< what the server says it has left is gone by
  std::vector<BandwidthRule> bandwidth;  ///< the first rule that holds at a time counts; empty = no limit
};

/// Commands around a job: a program and its arguments each, run without a shell. Empty: none.
struct Hooks {
  std::vector<std::string> before;      ///< ahead of the scan; when it fails the job isn't run
  std::vector<std::string> after;       ///< once the job has ended, however it did, if `before` didn't fail
  std::vector<std::string> on_failure;  ///< when the job didn't end with 0, also for `before`'s sake; ahead of `after`
  std::chrono::seconds timeout{std::chrono::hours(1)};  ///< of each
  friend bool operator==(const Hooks&, const Hooks&) = default;
};

struct Job {
  std::string name;
  std::filesystem::path source;      ///< absolute
  RemotePath target;                 ///< below the remote's base; empty = the base itself
  std::vector<std::string> exclude;  ///< gitignore patterns, defaults first, then the job's own
  LeaveOut leave_out;                ///< `if_present`: defaults first, then the job's own
  /// Files that may change while they are read, as gitignore patterns: such a one is stored as it is read
  /// once, with the size that it had when it was opened, and is no failure.
  std::vector<std::string> changing;
  bool one_file_system = false;
  OnRemoval on_removal = OnRemoval::retire;
  VersionPolicy versions;
  OnForeign foreign = OnForeign::keep;
  Compare compare = Compare::stat;
  Proof proof = Proof::size;
  bool xattrs = true;          ///< extended attributes and ACLs belong to an entry
  bool preserve_mtime = true;  ///< files get their modification time on the remote, where it can set them
  RemoteModes remote_modes;    ///< the permissions that copies get there
  NameRules names;             ///< the remote's
  Hooks hooks;
  /// The account may neither rename nor delete nor overwrite: every object has a name of its own from its
  /// upload on (outhaul/increment.h), and what leaves the tree leaves the state's alone.
  bool append_only = false;

  /// What is replaced becomes a version rather than being overwritten.
  bool keeps_versions() const noexcept { return on_removal == OnRemoval::retire || !versions.empty(); }
};

/// Which runs somebody wants to hear of.
enum class AlarmOn : std::uint8_t {
  failure,
  change,  ///< the first failure after a success, and the first success after a failure
  always,
};

/// Who is told of a run by an HTTP POST.
struct Webhook {
  enum class Form : std::uint8_t { report, slack, discord, ntfy };
  std::string url;      ///< http:// or https://, which may be a secret of its own
  Form form = Form::report;
  AlarmOn on = AlarmOn::failure;
  SecretSource token;   ///< sent as "Authorization: Bearer"
};

/// Who is told of a run by mail.
struct Mail {
  std::string host;
  std::uint16_t port = 0;
  bool implicit_tls = false;  ///< smtps://; else STARTTLS is demanded unless `plain`
  bool plain = false;         ///< "tls": "off", for a mail server on this machine
  std::filesystem::path ca;   ///< PEM; empty: the system's authorities
  std::string user;           ///< empty: no login
  SecretSource password;
  std::string from;
  std::vector<std::string> to;  ///< each gets a mail of its own: one refused address keeps it from no other
  AlarmOn on = AlarmOn::failure;
};

/// What is told of a profile's runs, and to whom. Nothing of it can fail a run.
struct Alarms {
  std::string ping;  ///< an address of a service that waits for each success; empty: none
  std::vector<Webhook> webhooks;
  std::vector<Mail> mail;
  std::filesystem::path metrics;  ///< a file for Prometheus' node_exporter; empty: none
  std::chrono::seconds timeout{30};  ///< of each POST, and of each mail
  bool any() const noexcept { return !ping.empty() || !webhooks.empty() || !mail.empty() || !metrics.empty(); }
};

struct Profile {
  std::string name;
  std::filesystem::path file;  ///< where it was read; empty for `mirror`
  RemoteSettings remote;
  std::vector<Job> jobs;
  GuardPolicy safety;
  bool claims_remote = true;  ///< its state becomes the remote's owner; mirror's doesn't
  bool catalog = true;        ///< the remote gets a copy of the state after each run that changed something
  /// Everything on the remote is to be read back and compared within this time, a share each time; 0 = nobody
  /// asks for that.
  std::chrono::seconds read_all_within{0};
  Alarms alarms;
  std::string until;  ///< "HH:MM", local time: a run stops cleanly then; empty = it takes its time

  /// What is outhaul's own on the remote is all jobs' together.
  bool keeps_private() const noexcept {
    for (const Job& job : jobs)
      if (job.remote_modes.rule == RemoteModes::Rule::by_server) return false;
    return true;
  }
  /// One such job is enough: they share one account.
  bool append_only() const noexcept {
    for (const Job& job : jobs)
      if (job.append_only) return true;
    return false;
  }
};

}  // namespace outhaul
