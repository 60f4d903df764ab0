// What sshd, the SFTP servers behind it and dropbear want to be told, and the keys that go with them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/server_config.h"

namespace outhaul::test {

/// Host keys and the keys that may log in, below ServerFacts::dir. Made with the unpacked ssh-keygen.
void make_ssh_keys(const std::filesystem::path& home, const std::filesystem::path& dir);
/// sshd from 9.8 on starts other programs, by absolute paths and as the user that it serves as, who may not
/// see our checkout: they, their libraries and the preloaded one are copied to ServerFacts::dir. An older
/// sshd needs none of it.
void stage_sshd_programs(const std::filesystem::path& home, const std::filesystem::path& preload,
                         const std::filesystem::path& dir);
inline std::filesystem::path staged_preload(const std::filesystem::path& dir) {
  return dir / "preload.so";
}
bool is_behind_sshd(ServerKind kind) noexcept;  ///< sshd itself, too
std::string sshd_config(ServerKind kind, const ServerFacts& facts);
std::string mysecureshell_config(const ServerFacts& facts);
/// The host keys as dropbear reads them, beside OpenSSH's.
void make_dropbear_keys(const std::filesystem::path& home, const std::filesystem::path& dir);
std::vector<std::string> dropbear_arguments(const ServerFacts& facts);
/// A user's shell that knows one command, the one that dropbear has for SFTP; `home` is sshd's.
std::string dropbear_shell(const std::filesystem::path& home);
/// One line of its log as a command: "open …", "rename …", or "PASS" for a password that was tried.
std::string sshd_command(std::string_view line);

/// A key pair made by ssh-keygen: `file` and `file`.pub. `type`: "ed25519", "ecdsa", "rsa".
void make_ssh_key(const std::filesystem::path& home, const std::filesystem::path& file,
                  const std::string& type, const std::string& passphrase = {});
/// "SHA256:…", as ssh-keygen -l says it.
std::string ssh_fingerprint(const std::filesystem::path& home, const std::filesystem::path& key);

}  // namespace outhaul::test
