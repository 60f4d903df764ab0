// One remote under test: how to reach it, and what its disk holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "outhaul/remote.h"
#include "support/servers.h"

namespace outhaul::test {

/// Where implementations may differ without breaking the contract.
struct Traits {
  std::string name;                ///< "proftpd explicit tls"
  bool is_live = false;            ///< a server, with sessions and a log
  std::optional<ServerKind> kind;  ///< of the server, when it is live
  Tls tls = Tls::none;
  /// ProFTPD refuses MKD of a name with '*' (core_mkd: "avoid '*' in directory names").
  bool refuses_star_dirs = false;
  /// Pure-FTPd answers every failed RNTO with 451.
  bool rename_fails_for_now = false;
  /// vsftpd and Pure-FTPd say 451 to a full disk as to any other failed write, pyftpdlib 426; repeated, it
  /// means a full disk.
  bool full_disk_is_451 = false;
  /// SFTP's rename never replaces, and libcurl can only append to what is there.
  bool is_sftp = false;
  /// ftp-srv makes the directories that lead to a new one.
  bool makes_parents = false;
  /// ftp-srv's DELE removes an empty directory, too.
  bool removes_dirs_as_files = false;
  /// ftp-srv has neither MFMT nor MDTM with a time.
  bool sets_times = true;
  /// ftp-srv has no limit of clients.
  bool limits_clients = true;
  bool resumes = true;           ///< false: REST and STOR zero everything before the offset
  bool answers_in_order = true;  ///< false: it carries out what comes in several packets at the same time
};

/// A fresh, empty base directory. Paths are wire paths below it.
class Subject {
 public:
  explicit Subject(Traits traits) : traits_(std::move(traits)) {}
  virtual ~Subject() = default;
  const Traits& traits() const noexcept { return traits_; }

  virtual std::unique_ptr<Remote> connect() = 0;
  virtual std::optional<std::string> file(const std::string& path) const = 0;
  virtual std::uint64_t file_count() const = 0;
  virtual bool is_dir(const std::string& path) const = 0;
  virtual std::optional<std::int64_t> mtime_s(const std::string& path) const = 0;
  virtual std::optional<std::uint32_t> mode(const std::string& path) const = 0;  ///< permission bits
  virtual void put_file(const std::string& path, const std::string& content) = 0;
  virtual void make_dir(const std::string& path) = 0;
  /// Closes all connections from the server's side, where there are any.
  virtual void drop_sessions() {}
  /// The server behind it; nullptr when it isn't live.
  virtual TestServer* server() { return nullptr; }

 private:
  Traits traits_;
};

std::unique_ptr<Subject> make_fake_subject();
std::unique_ptr<Subject> make_file_subject();
/// All live subjects of one kind and TLS mode share one server, which lives to the end of the process.
std::unique_ptr<Subject> make_live_subject(ServerKind kind, Tls tls);

/// Settings → Remote, with the test user's password.
std::unique_ptr<Remote> connect_to(const RemoteSettings& settings,
                                   const std::string& password = TestServer::kPassword,
                                   const ServerMemory& memory = {});

}  // namespace outhaul::test
