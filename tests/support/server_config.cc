#include "support/server_config.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "support/sshd.h"

namespace outhaul::test {
namespace {

constexpr int kManyClients = 100;

int clients(const ServerFacts& facts) {
  return facts.options.max_clients > 0 ? facts.options.max_clients : kManyClients;
}

int last_of(const PortRange& ports) {
  return ports.first + ports.count - 1;
}

std::string proftpd_tls(const ServerFacts& facts) {
  std::string options;
  if (facts.tls == Tls::implicit) options += " UseImplicitSSL";
  if (!facts.options.session_reuse_required) options += " NoSessionReuseRequired";
  return fmt::format(R"(
LoadModule mod_tls.c
TLSEngine on
TLSRequired {}
TLSProtocol {}
TLSECCertificateFile {}
TLSECCertificateKeyFile {}
TLSVerifyClient {}
TLSCACertificateFile {}
TLSLog {}/tls.log
{}
)",
                     facts.options.tls_required ? "on" : "off",
                     facts.options.tls_1_3_only ? "TLSv1.3" : "TLSv1.2 TLSv1.3",
                     facts.certificates.chain.string(), facts.certificates.key.string(),
                     facts.options.client_certificate ? "on" : "off", facts.certificates.ca.string(),
                     facts.run.string(), options.empty() ? "" : "TLSOptions" + options);
}

/// What was part of the program until 1.3.8b.
std::string proftpd_modules(const ServerFacts& facts) {
  std::string lines;
  for (const char* name : {"mod_xfer", "mod_ls", "mod_delay"})
    if (std::filesystem::exists(facts.home / "usr/lib/proftpd" / (std::string(name) + ".so")))
      lines += fmt::format("LoadModule {}.c\n", name);
  return lines;
}

std::string mod_sftp_config(const ServerFacts& facts) {
  const std::string dir = facts.dir.string();
  return fmt::format(R"(
LoadModule mod_sftp.c
SFTPEngine on
SFTPHostKey {}/host_ed25519
SFTPHostKey {}/host_ecdsa
SFTPAuthMethods password
SFTPLog {}/system.log
)",
                     dir, dir, facts.run.string());
}

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Between the quotes of vsftpd's log: FTP command: Client "127.0.0.1", "STOR x"
std::string vsftpd_command(std::string_view line) {
  constexpr std::string_view kMark = "FTP command: Client \"";
  const auto mark = line.find(kMark);
  if (mark == std::string_view::npos || !line.ends_with('"')) return {};
  const auto start = line.find("\", \"", mark);
  if (start == std::string_view::npos) return {};
  line.remove_prefix(start + 4);
  line.remove_suffix(1);
  return std::string(line);
}

// (tester@127.0.0.1) [DEBUG] Command [stor] [x]
std::string pureftpd_command(std::string_view line) {
  constexpr std::string_view kMark = "[DEBUG] Command [";
  const auto mark = line.find(kMark);
  if (mark == std::string_view::npos || !line.ends_with(']')) return {};
  line.remove_prefix(mark + kMark.size());
  line.remove_suffix(1);
  const auto end = line.find("] [");
  if (end == std::string_view::npos) return {};
  std::string verb(line.substr(0, end));
  std::transform(verb.begin(), verb.end(), verb.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::string_view argument = line.substr(end + 3);
  return argument.empty() ? verb : verb + " " + std::string(argument);
}

}  // namespace

std::string proftpd_config(ServerKind kind, const ServerFacts& facts) {
  const std::string run = facts.run.string();
  std::string text = fmt::format(
      R"(ServerName "outhaul test"
ServerType standalone
ModulePath {}/usr/lib/proftpd
{}DefaultAddress 127.0.0.1
SocketBindTight on
Port {}
UseIPv6 off
UseReverseDNS off
User {}
Group {}
PidFile {}/pid
ScoreboardFile {}/scoreboard
ControlsEngine off
ControlsSocket {}/controls
SystemLog {}/system.log
TransferLog none
WtmpLog off
DelayEngine off
AuthOrder mod_auth_file.c
AuthUserFile {}/users
RequireValidShell off
AllowOverwrite {}
AllowRetrieveRestart on
TimesGMT on
ListOptions "-a"
TimeoutIdle {}
TimeoutNoTransfer {}
MaxInstances 200
LogFormat commands "%r"
ExtendedLog {} {} commands
)",
      facts.home.string(), proftpd_modules(facts), facts.port, TestServer::kUser, TestServer::kUser, run, run,
      run, run, facts.dir.string(), facts.options.drop_box ? "off" : "on", facts.options.idle_timeout.count(),
      facts.options.idle_timeout.count(), facts.log.string(), facts.options.log_commands ? "ALL" : "NONE");
  if (facts.options.max_clients > 0) {
    text +=
        fmt::format("MaxClients {} \"Sorry, the maximum number of clients (%m) are already connected.\"\n",
                    facts.options.max_clients);
  }
  if (const PortRange ports = facts.options.passive_ports; ports.count > 0)
    text += fmt::format("PassivePorts {} {}\n", ports.first, last_of(ports));
  text += fmt::format("AllowStoreRestart {}\n", facts.options.store_restart ? "on" : "off");
  if (facts.options.drop_box)
    text +=
        "<Limit DELE RMD RNFR RNTO APPE MFMT MDTM SITE_CHMOD SITE_CHGRP SITE_UTIME>\n  DenyAll\n</Limit>\n";
  if (!facts.options.may_delete) text += "<Limit DELE>\n  DenyAll\n</Limit>\n";
  if (!facts.options.set_mtime) text += "<Limit MFMT MDTM SITE_UTIME>\n  DenyAll\n</Limit>\n";
  if (!facts.options.size) text += "<Limit SIZE>\n  DenyAll\n</Limit>\n";
  if (!facts.options.facts) text += "<Limit MLST MLSD>\n  DenyAll\n</Limit>\n";
  // Without a cache of digests: what counts is the file as it is on the disk now.
  if (facts.options.hashes) text += "LoadModule mod_digest.c\nDigestEngine on\nDigestCache off\n";
  if (facts.options.quota > 0)
    text += fmt::format(
        "LoadModule mod_quotatab.c\nLoadModule mod_quotatab_file.c\nQuotaEngine on\n"
        "QuotaLimitTable file:{0}/quota-limit\nQuotaTallyTable file:{0}/quota-tally\n"
        "QuotaLock {0}/quota-lock\nQuotaDisplayUnits Kb\n",
        facts.dir.string());
  if (!facts.options.hash_command) text += "<Limit HASH>\n  DenyAll\n</Limit>\n";
  if (facts.tls != Tls::none) text += proftpd_tls(facts);
  if (kind == ServerKind::mod_sftp) text += mod_sftp_config(facts);
  return text + lines_of(facts.options.more);
}

std::string pureftpd_limits(const ServerOptions& options) {
  const std::string size = options.quota > 0 ? std::to_string(options.quota) : std::string();
  return fmt::format("::::::{}:::::", size);
}

std::string vsftpd_config(const ServerFacts& facts) {
  const auto yes = [](bool value) { return value ? "YES" : "NO"; };
  std::string text = fmt::format(
      R"({}
background=NO
listen_port={}
local_enable=YES
anonymous_enable={}
write_enable=YES
mdtm_write={}
force_dot_files={}
local_umask=022
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
session_support=NO
nopriv_user={}
secure_chroot_dir={}
pam_service_name=outhaul-test
delay_failed_login=0
max_clients={}
idle_session_timeout={}
xferlog_enable={}
xferlog_std_format=NO
log_ftp_protocol={}
vsftpd_log_file={}
)",
      facts.options.ipv6 ? "listen=NO\nlisten_ipv6=YES\nlisten_address6=::1"
                         : "listen=YES\nlisten_address=127.0.0.1",
      facts.port, yes(facts.options.anonymous), yes(facts.options.set_mtime), yes(facts.options.dot_files),
      TestServer::kUser, (facts.dir / "empty").string(), clients(facts), facts.options.idle_timeout.count(),
      yes(facts.options.log_commands), yes(facts.options.log_commands), facts.log.string());
  if (!facts.options.size) text += "cmds_denied=SIZE\n";
  if (facts.options.drop_box)  // a guest has the rights of somebody anonymous
    text += fmt::format(R"(guest_enable=YES
guest_username={}
virtual_use_local_privs=NO
allow_writeable_chroot=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=NO
anon_umask=022
anon_world_readable_only=NO
)",
                        TestServer::kUser);
  if (facts.options.anonymous)
    text += fmt::format(R"(ftp_username={}
allow_writeable_chroot=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
anon_world_readable_only=NO
)",
                        TestServer::kUser);
  if (const PortRange ports = facts.options.passive_ports; ports.count > 0)
    text += fmt::format("pasv_min_port={}\npasv_max_port={}\n", ports.first, last_of(ports));
  text += fmt::format("data_connection_timeout={}\n", facts.options.data_timeout.count());
  if (facts.options.chroot) text += "chroot_local_user=YES\nallow_writeable_chroot=YES\n";
  text += lines_of(facts.options.more);
  if (facts.tls == Tls::none) return text;
  return text + fmt::format(R"(ssl_enable=YES
implicit_ssl={}
force_local_logins_ssl={}
force_local_data_ssl={}
require_ssl_reuse={}
ssl_ciphers=HIGH
rsa_cert_file={}
rsa_private_key_file={}
require_cert={}
validate_cert={}
ca_certs_file={}
)",
                            yes(facts.tls == Tls::implicit), yes(facts.options.tls_required),
                            yes(facts.options.tls_required), yes(facts.options.session_reuse_required),
                            facts.certificates.chain.string(), facts.certificates.key.string(),
                            yes(facts.options.client_certificate), yes(facts.options.client_certificate),
                            facts.certificates.ca.string());
}

std::vector<std::string> pureftpd_arguments(const ServerFacts& facts) {
  std::vector<std::string> arguments{
      "-S", fmt::format("127.0.0.1,{}", facts.port),
      "-l", "puredb:" + (facts.dir / "users.pdb").string(),
      "-g", (facts.run / "pid").string(),
      "-u", "1",  // the smallest uid that may log in
      "-c", std::to_string(clients(facts)),
      "-C", std::to_string(clients(facts)),
      "-I", fmt::format("{}", std::max<long>(1, facts.options.idle_timeout.count() / 60)),
      "-E", "-d",
      "-H", "-D",
      "-z"};
  if (const PortRange ports = facts.options.passive_ports; ports.count > 0) {
    arguments.emplace_back("-p");
    arguments.push_back(fmt::format("{}:{}", ports.first, last_of(ports)));
  }
  if (facts.options.drop_box) {
    arguments.emplace_back("-K");  // keeps all files
    arguments.emplace_back("-G");  // no renaming
  }
  if (!facts.options.may_delete && !facts.options.drop_box) arguments.emplace_back("-K");
  arguments.insert(arguments.end(), facts.options.more.begin(), facts.options.more.end());
  if (facts.tls == Tls::none) return arguments;
  const auto level = facts.options.tls_required ? "3" : "1";  // 3: control and data
  for (const std::string& argument :
       {std::string("-Y"), std::string(level), std::string("-2"), facts.certificates.both.string()}) {
    arguments.push_back(argument);
  }
  return arguments;
}

std::string driver_config(ServerKind kind, const ServerFacts& facts) {
  const ServerOptions& options = facts.options;
  std::string denied, rights = "elradfmwM";
  const auto deny = [&](std::string_view verb) {
    denied += fmt::format("{}\"{}\"", denied.empty() ? "" : ", ", verb);
  };
  if (!options.size) deny("SIZE");
  if (!options.facts) {
    deny("MLST");
    deny("MLSD");
  }
  if (options.set_mtime) rights += 'T';
  if (options.drop_box) rights = "elrmw";
  if (options.drop_box && kind == ServerKind::ftp_srv)
    for (const char* verb : {"DELE", "RMD", "RNFR", "RNTO", "APPE"}) deny(verb);
  const PortRange& ports = options.passive_ports;
  return fmt::format(
      R"({{"port": {}, "root": "{}", "log": "{}", "user": "{}", "password": "{}", "rights": "{}", "denied": [{}],
 "max_clients": {}, "idle_timeout": {}, "data_timeout": {}, "ports": {},
 "tls": {}}}
)",
      facts.port, facts.root.string(), options.log_commands ? facts.log.string() : "", TestServer::kUser,
      TestServer::kPassword, rights, denied, clients(facts), options.idle_timeout.count(),
      options.data_timeout.count(),
      ports.count > 0 ? fmt::format("[{}, {}]", ports.first, last_of(ports)) : "null",
      facts.tls == Tls::none
          ? "null"
          : fmt::format(R"({{"implicit": {}, "required": {}, "certificate": "{}", "key": "{}"}})",
                        facts.tls == Tls::implicit, options.tls_required, facts.certificates.chain.string(),
                        facts.certificates.key.string()));
}

std::string command_in(ServerKind kind, std::string_view line) {
  switch (kind) {
    case ServerKind::proftpd:
    case ServerKind::mod_sftp:
    case ServerKind::pyftpdlib:
    case ServerKind::ftp_srv:
      return std::string(line);
    case ServerKind::vsftpd:
      return vsftpd_command(line);
    case ServerKind::pureftpd:
      return pureftpd_command(line);
    case ServerKind::sshd:
    case ServerKind::mysecureshell:
    case ServerKind::gesftpserver:
    case ServerKind::dropbear:
      return sshd_command(line);
  }
  return {};
}

}  // namespace outhaul::test
