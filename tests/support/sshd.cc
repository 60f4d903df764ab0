#include "support/sshd.h"

#include <sstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "support/process.h"
#include "support/temp_dir.h"

namespace outhaul::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrograms[] = {"sshd-session", "sshd-auth"};  // from 9.8, 10.0

std::string program_paths(const fs::path& dir) {
  std::string lines;
  if (fs::exists(dir / "sshd-session"))
    lines += fmt::format("SshdSessionPath {}\nPerSourcePenalties no\n", (dir / "sshd-session").string());
  if (fs::exists(dir / "sshd-auth")) lines += fmt::format("SshdAuthPath {}\n", (dir / "sshd-auth").string());
  return lines;
}

std::string keygen(const fs::path& home, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (home / "usr/bin/ssh-keygen").string());
  SpawnOptions around;
  around.env = {{"LD_LIBRARY_PATH", (home / "libs").string()}};
  const RunResult made = run_program(arguments, around);
  if (made.exit.code != 0) throw std::runtime_error("ssh-keygen: " + made.out + made.err);
  return made.out;
}

// sshd gives its own environment to nobody.
std::string subsystem(ServerKind kind, const ServerFacts& facts) {
  if (kind == ServerKind::gesftpserver)
    return fmt::format("Subsystem sftp {}/usr/libexec/gesftpserver", TestServer::unpacked(kind).string());
  if (kind == ServerKind::mysecureshell) {
    const std::string home = TestServer::unpacked(kind).string();
    return fmt::format(
        "SetEnv LD_LIBRARY_PATH={}/libs LD_PRELOAD={} OUTHAUL_TEST_CONFIG={}/mysecureshell.conf "
        "OUTHAUL_TEST_USER={} OUTHAUL_TEST_HOME={} OUTHAUL_TEST_UID={} OUTHAUL_TEST_GID={}\n"
        "Subsystem sftp {}/usr/bin/mysecureshell -c sftp-server",
        home, OUTHAUL_TEST_PRELOAD, facts.dir.string(), TestServer::kUser, facts.root.string(), facts.uid,
        facts.gid, home);
  }
  return fmt::format("Subsystem sftp internal-sftp {}", facts.options.log_commands ? "-l VERBOSE" : "");
}

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

bool is_behind_sshd(ServerKind kind) noexcept {
  return kind == ServerKind::sshd || kind == ServerKind::mysecureshell || kind == ServerKind::gesftpserver;
}

void make_ssh_key(const fs::path& home, const fs::path& file, const std::string& type,
                  const std::string& passphrase) {
  std::vector<std::string> arguments{"-q", "-t", type, "-N", passphrase, "-C", "", "-f", file.string()};
  if (type == "rsa") arguments.insert(arguments.end(), {"-b", "2048"});
  if (!passphrase.empty()) arguments.insert(arguments.end(), {"-a", "1"});
  keygen(home, std::move(arguments));
}

std::string ssh_fingerprint(const fs::path& home, const fs::path& key) {
  std::istringstream words(keygen(home, {"-l", "-f", key.string()}));
  std::string bits, fingerprint;
  words >> bits >> fingerprint;
  return fingerprint;
}

void make_ssh_keys(const fs::path& home, const fs::path& dir) {
  make_ssh_key(home, dir / "host_ed25519", "ed25519");
  make_ssh_key(home, dir / "host_ecdsa", "ecdsa");
  make_ssh_key(home, dir / "user_ed25519", "ed25519");
  write_file(dir / "authorized_keys", read_file(dir / "user_ed25519.pub"));
}

void stage_sshd_programs(const fs::path& home, const fs::path& preload, const fs::path& dir) {
  if (!fs::exists(home / "usr/lib/openssh" / kPrograms[0])) return;
  for (const char* name : kPrograms)
    if (fs::exists(home / "usr/lib/openssh" / name))
      fs::copy_file(home / "usr/lib/openssh" / name, dir / name);
  // Without "recursive" the other option has a directory left out.
  fs::copy(home / "libs", dir / "libs", fs::copy_options::copy_symlinks | fs::copy_options::recursive);
  fs::copy_file(preload, staged_preload(dir));
}

std::string sshd_config(ServerKind kind, const ServerFacts& facts) {
  const std::string dir = facts.dir.string();
  const bool asks = facts.options.password_by_question;
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  return fmt::format(
      R"(ListenAddress 127.0.0.1
Port {}
HostKey {}/host_ed25519
HostKey {}/host_ecdsa
PidFile none
UsePAM {}
StrictModes no
UseDNS no
PrintMotd no
PrintLastLog no
PasswordAuthentication {}
KbdInteractiveAuthentication {}
PubkeyAuthentication yes
AuthorizedKeysFile {}/authorized_keys
MaxStartups 200
MaxAuthTries 20
LogLevel VERBOSE
{}{}
{}
{})",
      facts.port, dir, dir, yes(asks), yes(!asks), yes(asks), dir,
      facts.options.idle_timeout < std::chrono::seconds(900)
          ? fmt::format("ClientAliveInterval {}\nClientAliveCountMax 1", facts.options.idle_timeout.count())
          : "",
      program_paths(facts.dir), subsystem(kind, facts),
      kind == ServerKind::sshd ? lines_of(facts.options.more) : "");
}

std::string mysecureshell_config(const ServerFacts& facts) {
  return fmt::format(R"(<Default>
Home {}
StayAtHome true
VirtualChroot true
ResolveIP false
HideNoAccess true
DefaultRights 0644 0755
IdleTimeOut {}s
{}</Default>
)",
                     facts.root.string(), facts.options.idle_timeout.count(), lines_of(facts.options.more));
}

void make_dropbear_keys(const fs::path& home, const fs::path& dir) {
  SpawnOptions around;
  around.env = {{"LD_LIBRARY_PATH", (home / "libs").string()}};
  for (const char* name : {"host_ed25519", "host_ecdsa"}) {
    const RunResult made = run_program({(home / "usr/bin/dropbearconvert").string(), "openssh", "dropbear",
                                        (dir / name).string(), (dir / name).string() + ".dropbear"},
                                       around);
    if (made.exit.code != 0) throw std::runtime_error("dropbearconvert: " + made.out + made.err);
  }
}

std::vector<std::string> dropbear_arguments(const ServerFacts& facts) {
  const std::string dir = facts.dir.string();
  std::vector<std::string> arguments{"-F", "-E",
                                     "-p", fmt::format("127.0.0.1:{}", facts.port),
                                     "-P", (facts.run / "pid").string(),
                                     "-r", dir + "/host_ed25519.dropbear",
                                     "-r", dir + "/host_ecdsa.dropbear"};
  arguments.insert(arguments.end(), facts.options.more.begin(), facts.options.more.end());
  return arguments;
}

std::string dropbear_shell(const fs::path& home) {
  return fmt::format(R"(#!/bin/sh
[ "$1 $2" = "-c /usr/lib/sftp-server" ] || exit 1
LD_LIBRARY_PATH={}/libs exec {}/usr/lib/openssh/sftp-server
)",
                     home.string(), home.string());
}

std::string sshd_command(std::string_view line) {
  for (const std::string_view answered : {"Failed password for ", "Accepted password for ",
                                          "Failed keyboard-interactive", "Accepted keyboard-interactive"})
    if (line.starts_with(answered)) return "PASS";
  for (const std::string_view verb : {"open ", "close ", "opendir ", "rename ", "mkdir ", "rmdir ", "remove ",
                                      "set ", "stat ", "lstat ", "statvfs ", "symlink ", "readlink "})
    if (line.starts_with(verb)) return std::string(line);
  return {};
}

}  // namespace outhaul::test
