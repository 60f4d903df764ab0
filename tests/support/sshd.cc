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

}  // namespace

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
  fs::copy(home / "libs", dir / "libs", fs::copy_options::copy_symlinks);
  fs::copy_file(preload, staged_preload(dir));
}

std::string sshd_config(const ServerFacts& facts) {
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
Subsystem sftp internal-sftp {}
)",
      facts.port, dir, dir, yes(asks), yes(!asks), yes(asks), dir,
      facts.options.idle_timeout < std::chrono::seconds(900)
          ? fmt::format("ClientAliveInterval {}\nClientAliveCountMax 1", facts.options.idle_timeout.count())
          : "",
      program_paths(facts.dir), facts.options.log_commands ? "-l VERBOSE" : "");
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
