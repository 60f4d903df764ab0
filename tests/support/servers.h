// Real FTP servers on loopback, one user each, for as long as the object lives. The binaries are Debian's,
// unpacked by fetch-servers; server_preload.cc says what makes them run without accounts and without root.
// Two are libraries, for which a small program of the tests' own serves: pyftpdlib (pyftpdlib_server.py, run
// by the machine's Python) and npm's ftp-srv (ftp_srv/server.js). They are one process with all their
// sessions.
//
// Started by root, a server serves as nobody (uid 65534), else as the user who runs the tests: what is
// checked with permissions holds in both cases. Unless a test asks for a range, data ports are the kernel's
// or the server's own choice, so servers never compete for one.
#pragma once

#include <sys/types.h>

#include <chrono>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/profile.h"
#include "support/certificates.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace outhaul::test {

enum class ServerKind : std::uint8_t {
  proftpd,
  vsftpd,
  pureftpd,
  sshd,
  pyftpdlib,
  ftp_srv,
  mod_sftp,       ///< ProFTPD's SFTP
  mysecureshell,  ///< behind sshd
  gesftpserver,   ///< behind sshd
  dropbear,       ///< with OpenSSH's sftp-server
};
enum class Tls : std::uint8_t { none, explicit_, implicit };
std::string_view to_string(ServerKind) noexcept;  ///< "proftpd", "ftp-srv", …
std::string_view to_string(Tls) noexcept;         ///< "plain", "explicit tls", "implicit tls"

bool is_sftp(ServerKind) noexcept;
/// Pure-FTPd has no implicit TLS, SFTP has none at all; over pyftpdlib's no libcurl can transfer anything
/// (docs/ftp-notes.md).
bool supports(ServerKind kind, Tls tls) noexcept;

/// False when the server stores the file under another name, and says success: pyftpdlib and ftp-srv hold
/// names as UTF-8 and put U+FFFD for other bytes, so that two names are one file; ftp-srv takes quotes out.
bool keeps_name(ServerKind kind, std::string_view wire_name) noexcept;

struct PortRange {
  std::uint16_t first = 0, count = 0;
};

struct ServerOptions {
  int max_clients = 0;       ///< sessions at one time; 0 = more than any test opens (ftp-srv has no limit)
  bool tls_required = true;  ///< false: TLS is offered, plain logins are taken too
  bool session_reuse_required = true;  ///< data connections must resume the control connection's TLS session
                                       ///< (Pure-FTPd and ftp-srv never ask for it)
  bool client_certificate = false;     ///< clients must show one by the test's authority (ProFTPD, vsftpd)
  bool tls_1_3_only = false;           ///< (ProFTPD)
  bool log_commands = true;  ///< false: commands() stays empty, and no command costs a line on the disk
                             ///< (Pure-FTPd always logs)
  bool set_mtime = true;     ///< false: MFMT and MDTM with a time are refused (Pure-FTPd always takes them,
                             ///< ftp-srv never)
  bool password_by_question = false;  ///< sshd takes a password only as keyboard-interactive's answer
  bool drop_box = false;              ///< the account may add, list and read, nothing else: no renaming,
                                      ///< removing, overwriting or appending (not sshd; Pure-FTPd, pyftpdlib
                                      ///< and ftp-srv overwrite)
  bool may_delete = true;             ///< false: DELE is refused, nothing else (ProFTPD, Pure-FTPd)
  bool limited_space = false;         ///< set_free_space() works
  std::uint64_t quota = 0;            ///< bytes that the account may store; 0 = any (ProFTPD, Pure-FTPd)
  bool size = true;                   ///< false: SIZE is refused (not Pure-FTPd)
  bool facts = true;         ///< false: MLST and MLSD are refused (ProFTPD, pyftpdlib; vsftpd and ftp-srv
                             ///< never have them)
  bool dot_files = true;     ///< false: listings show those only when asked with -a (vsftpd)
  bool hashes = false;       ///< ProFTPD offers HASH, XSHA256, XMD5 and XCRC
  bool hash_command = true;  ///< false: HASH is offered, but refused (ProFTPD)
  bool chroot = false;       ///< the login directory is "/" (vsftpd; needs root or user namespaces)
  bool ipv6 = false;         ///< serves on ::1 instead (vsftpd)
  bool anonymous = false;    ///< takes anonymous logins, too, which may write (vsftpd)
  std::chrono::seconds idle_timeout{900};
  std::chrono::seconds data_timeout{
      300};  ///< vsftpd, pyftpdlib: a session ends whose data connection stands still so long
  bool store_restart = true;  ///< false: an upload can't go on anywhere (ProFTPD)
  /// Lines (Pure-FTPd: words) in the server's own language, after all others: ProFTPD and mod_sftp, vsftpd,
  /// Pure-FTPd, sshd, MySecureShell (within <Default>).
  std::vector<std::string> more;
  PortRange passive_ports;  ///< for data connections; count 0: any. Needed behind a FaultProxy
  std::string certificate_names =
      "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1";  ///< as OpenSSL's subjectAltName
};

class TestServer {
 public:
  static constexpr const char* kUser = "tester";
  static constexpr const char* kPassword = "open sesame; 100% #1";

  /// Returns when the server listens. Throws std::runtime_error with the server's own words when it does not
  /// come up.
  static std::unique_ptr<TestServer> start(ServerKind kind, Tls tls, const ServerOptions& options = {});
  ~TestServer();

  /// What a profile for this server says; `base` is relative to the login directory, which is root().
  RemoteSettings settings(const std::string& base = {}) const;
  std::uint16_t port() const noexcept { return port_; }
  /// "ftp://127.0.0.1:40001" or "ftps://…", without a path.
  std::string url() const;
  const Certificates& certificates() const noexcept { return certificates_; }
  /// SFTP: where its host keys (host_ed25519, host_ecdsa, each with .pub), the key that may log in
  /// (user_ed25519), authorized_keys and a known_hosts that knows it lie.
  const std::filesystem::path& keys() const noexcept { return dir_.path(); }
  /// The unpacked packages.
  static std::filesystem::path unpacked(ServerKind kind);

  /// The directory that it serves: what lies here is what the server's disk holds.
  const std::filesystem::path& root() const noexcept { return root_; }
  /// A directory below root() that belongs to the user who serves.
  std::filesystem::path make_dir(const std::string& name) const;
  /// Gives something that the test made below root() to the user who serves.
  void hand_over(const std::filesystem::path& path) const;

  /// Kills the server with all its sessions; the files stay.
  void stop();
  /// Starts it again on the same port.
  void resume();
  /// Stops it in its tracks, sessions included: nothing is read or answered any more, the kernel still takes
  /// connections. Like a server whose machine hangs.
  void freeze();
  void thaw();
  /// Ends every session as a server does that closes idle connections (the client finds a closed connection).
  /// Returns when they are gone.
  void drop_sessions();
  /// False when sessions are still open after some seconds.
  bool wait_for_no_sessions() const;

  /// Commands that it received since the start or the last forget_commands(), as "STOR name"; the password is
  /// blanked out. ProFTPD writes a command down after its reply: to count exactly, end the sessions and
  /// wait_for_no_sessions().
  std::vector<std::string> commands() const;
  void forget_commands();
  /// How many of commands() start with this word.
  std::size_t count(std::string_view verb) const;

  /// How many bytes may still be written below root(); empty: no limit. Needs limited_space.
  void set_free_space(std::optional<std::uint64_t> bytes);

  /// Everything that it printed and logged, for a failing test.
  std::string log() const;

 private:
  TestServer(ServerKind kind, Tls tls, const ServerOptions& options);
  void prepare();
  void prepare_quota();
  void prepare_ssh();
  void write_known_hosts() const;
  bool try_launch();
  bool is_one_process() const noexcept;
  bool has_sessions() const;
  std::vector<std::string> command_line() const;
  SpawnOptions surroundings() const;

  ServerKind kind_;
  Tls tls_;
  ServerOptions options_;
  TempDir dir_;
  std::filesystem::path root_, run_, log_;
  Certificates certificates_;
  std::uint16_t port_ = 0;
  std::size_t forgotten_ = 0;
  Process process_;
};

}  // namespace outhaul::test
