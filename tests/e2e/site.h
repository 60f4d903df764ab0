// What a person has who uses outhaul: a directory, an account on a real FTP server, a profile, the program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "outhaul/names.h"
#include "support/fault_proxy.h"
#include "support/process.h"
#include "support/servers.h"
#include "support/temp_dir.h"

namespace outhaul::test {

/// The binary under test.
std::filesystem::path program();
/// This source tree.
std::filesystem::path checkout();

/// The parts of the profile's text that tests choose. `*_extra` are whole members, like R"("retries": 9)".
struct ProfileChoices {
  std::string name = "nightly";
  int connections = 2, retries = 2;
  std::string on_removal = "keep";
  std::string target = "data";
  std::string url;       ///< empty: the site's server, directory "space"
  std::string password;  ///< the JSON value; empty: the site's secret file
  std::string tls;       ///< the JSON value; empty: what fits the server
  std::string ssh;       ///< the JSON value; empty: what fits the server
  std::string remote_extra, job_extra, top_extra;
  OwnNames own;  ///< "control_dir" and "part_suffix"
  bool catalog = true;
  std::string catalog_let_be;  ///< why nobody looks at it after a run
  std::string jobs;            ///< the whole array; empty: one job "data" from source()
};

class Site {
 public:
  /// Without a server: the profile's URL must be chosen.
  Site();
  explicit Site(ServerKind kind, Tls tls = Tls::none, const ServerOptions& options = {});
  /// The same behind a line that breaks: the profile leads through `proxy`, which must outlive the commands.
  Site(FaultProxy& proxy, ServerKind kind, Tls tls = Tls::none, ServerOptions options = {});

  TestServer& server() const { return *server_; }
  std::filesystem::path dir() const { return dir_.path(); }
  std::filesystem::path source() const { return dir_ / "source"; }
  std::filesystem::path state_root() const { return dir_ / "state"; }
  std::filesystem::path state_dir() const { return state_root() / choices.name; }
  std::filesystem::path secret() const { return dir_ / "secret"; }
  std::filesystem::path profile() const { return dir_ / "profile.json"; }
  /// The remote's base directory and the job's target below it, as the server's disk holds them.
  std::filesystem::path space() const { return server().root() / "space"; }
  std::filesystem::path stored() const { return space() / choices.target; }

  ProfileChoices choices;
  std::string profile_text() const;
  /// Writes profile_text() to profile(); every command that follows uses it.
  void write_profile() const;

  void write(const std::string& path, std::string_view content) const;
  void remove(const std::string& path) const;
  /// "f000", "f001", …: `count` files of `size` bytes, every one different, below `dir`.
  void write_many(const std::string& dir, int count, std::size_t size) const;

  /// --state-dir goes first, so that `words` may end in anything.
  std::vector<std::string> command(const std::vector<std::string>& words) const;
  RunResult outhaul(const std::vector<std::string>& words, const SpawnOptions& options = {}) const;
  /// `outhaul run PROFILE more…`, after write_profile(). Before and after it, while no other run is at work,
  /// what lies on the server's disk, with what the state has not stored yet, must give the state.
  RunResult run(const std::vector<std::string>& more = {}, const SpawnOptions& options = {}) const;
  /// The same in the background; what it says is in output().
  Process start(const std::vector<std::string>& more = {}, const SpawnOptions& options = {}) const;
  std::string output() const;

  /// Differences between the source and the server's disk; see differences().
  std::vector<std::string> differences() const;
  /// Where the server's disk has what is called `name` everywhere else, such as ".outhaul/owner.json".
  std::filesystem::path own(const std::string& name) const;
  /// Files below .outhaul/parts on the server's disk.
  std::vector<std::filesystem::path> parts() const;
  std::uint64_t part_bytes() const;  ///< of all parts, on the server's disk
  /// Regular files below stored().
  std::size_t stored_files() const;
  /// Logins that the server has seen since the last forget.
  std::size_t sessions() const;
  void expect_the_catalog_gives_the_state() const;
  /// For tests that count connections, commands or bytes, or look at all that the server holds.
  void have_no_catalog(std::string_view reason);
  /// Every regular file below the state directory with its content; "" when there is none.
  std::string state_snapshot() const;

 private:
  TempDir dir_;
  std::unique_ptr<TestServer> server_;
  FaultProxy* proxy_ = nullptr;
};

/// Both streams and the exit, for INFO.
std::string told(const RunResult& result);
/// True when `text` holds every one of `pieces`; a failing test is told which it misses.
bool holds(const std::string& text, const std::vector<std::string>& pieces);

/// A port of 127.0.0.1 that takes connections and never says a word, like a server that hangs.
class SilentPort {
 public:
  SilentPort();
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  std::uint16_t port() const noexcept { return port_; }
  /// Returns when somebody has connected; false after some seconds.
  bool wait_for_visitor() const;

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

/// A shell's script in a mount namespace that ends with it, where it may mount what it likes.
RunResult in_own_namespace(const std::string& script);
/// Whether the kernel lets us; `on` is any directory.
bool mounts_are_permitted(const std::filesystem::path& on);

/// `argv` as somebody whom permissions bind: as it is for a user, as nobody for root.
std::vector<std::string> as_nobody(const std::vector<std::string>& argv);
/// Gives `path` with all that is below to whom as_nobody() runs as.
void give_to_nobody(const std::filesystem::path& path);

}  // namespace outhaul::test
