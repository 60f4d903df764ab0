// An FTP server in memory that misbehaves as told: what real servers do to us, but won't do on demand. It
// really speaks FTP on loopback (RFC 959, 2389, 2428, 3659; passive data connections; no TLS).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/profile.h"

namespace outhaul::test {

/// Pieces of a text that may have no end; an empty piece ends it. Called from the server's threads.
using Flood = std::function<std::string()>;
/// `piece` again and again, for about `bytes` in all.
Flood flood_of(std::string piece, std::uint64_t bytes);

/// One command that is answered otherwise than by the book.
struct Deviation {
  enum class When : std::uint8_t {
    instead,     ///< it isn't carried out
    midway,      ///< STOR keeps `bytes` bytes and takes no more; RETR and listings send so many and stop
    afterwards,  ///< it is carried out
  };
  /// A command's word; "CONNECT" is the greeting, "LOGIN" is PASS.
  std::string verb{};
  When when = When::instead;
  std::string reply{};      ///< without the last line end; empty: none
  bool close = false;       ///< then the connection is closed
  bool mute = false;        ///< then nothing on this connection is answered any more; it stays open
  std::uint64_t bytes = 0;  ///< with midway
  int skip = 0;             ///< so many such commands are answered by the book first
  int times = 1;            ///< then so many like this; -1: all
  std::string argument{};   ///< only commands whose argument holds this
  Flood flood{};            ///< sent instead of `reply`
};

/// What kind of server it is, for every command of its sort.
struct Quirks {
  std::string greeting = "220 a scripted server";
  /// Words that are answered with 500 and are not in FEAT: "EPSV", "MLSD", "MLST", "SIZE", "MFMT", "FEAT",
  /// "REST".
  std::set<std::string> unknown;
  /// Words that stay in FEAT and are answered with `denial`, whatever they are about: what an administrator
  /// forbids (ProFTPD's <Limit>, vsftpd's cmds_denied).
  std::set<std::string> denied;
  std::string denial = "550 Permission denied.";
  bool mdtm_sets = false;    ///< MDTM with a time sets it
  bool digests = false;      ///< it has XSHA256
  bool flips_bits = false;   ///< the first byte of every piece that STOR keeps is wrong
  bool renames_over = true;  ///< RNTO takes a name that is in use
  std::string rename_over_refusal = "550 File exists";
  bool folds_case = false;      ///< "A" and "a" are one name
  bool hides_dotfiles = false;  ///< in every listing
  enum class ListAll : std::uint8_t {
    honoured,
    ignored,
    is_a_name
  } list_all = ListAll::honoured;  ///< "LIST -a"
  std::size_t listing_cap = 0;     ///< listings end after so many entries; 0: never
  std::string listing_end = "226 Transfer complete";
  Flood listing;                    ///< sent as every listing
  std::string pasv_address;         ///< "10,0,0,7" in the reply to PASV; empty: the truth
  bool one_byte_at_a_time = false;  ///< replies dribble
  bool wordy = false;               ///< final replies have several lines
  bool drops_pipelined = false;     ///< what comes before the answer to the last command is lost
  /// Commands that come in packets of their own are carried out at the same time, and answered as each ends
  /// (npm ftp-srv). What needs the file system takes until two such commands wait, or nothing else comes.
  bool concurrent = false;
  bool replaces_bytes = false;  ///< in names, bytes that are no UTF-8 become U+FFFD (pyftpdlib, ftp-srv)
  bool drops_quotes = false;    ///< '"' is taken out of names (ftp-srv)
  bool trims_spaces = false;    ///< spaces at the beginning of a name are taken off
  std::string made_already = "550 File exists";                ///< MKD of a directory that is there
  std::string gone_already = "550 No such file or directory";  ///< DELE and RMD of what isn't there
  /// After a STOR, so many SIZEs tell half of what was stored; -1: all.
  int late_sizes = 0;
  /// ProFTPD's HiddenStores: STOR writes to ".in.NAME.", which becomes NAME when the data end with FIN, and
  /// goes when they end with a reset; STOR after REST is 501, and APPE writes to NAME itself.
  bool hidden_stores = false;
  /// ftp-srv's SIZE of an empty file is "213 File status", without a number.
  bool empty_sizes_untold = false;
  /// The bytes that all files may have together. The STOR or APPE that passes it is cut off: the data
  /// connection ends at once, then comes 552, and the file is gone, also when it was whole before (ProFTPD's
  /// mod_quotatab).
  std::optional<std::uint64_t> quota;
  /// Pure-FTPd's -n without -N: every STOR takes the data, is 552, and leaves an empty file under its name.
  bool files_are_used_up = false;
  int max_sessions = 0;                               ///< 0: any number
  std::string too_many = "421 Too many connections";  ///< 530…: said to PASS, else instead of the greeting
  enum class Resumes : std::uint8_t {
    rightly,
    zeroes_head,          ///< REST n + STOR: the first n bytes become zeros, what was beyond them is gone
    appe_replaces,        ///< APPE: what was there is gone
    refuses_and_removes,  ///< REST n + STOR, and APPE: 552, and the file is gone
  } resumes = Resumes::rightly;
  bool stores_beside = false;  ///< STOR to a name that is in use is stored as "name.1"
};

class ScriptedServer {
 public:
  explicit ScriptedServer(Quirks quirks = {});
  ~ScriptedServer();
  ScriptedServer(ScriptedServer&&) = delete;

  std::uint16_t port() const noexcept;
  /// "ftp://127.0.0.1:40001"
  std::string url() const;
  /// A profile's remote without TLS, with short time-outs; `base` is relative to the login directory.
  RemoteSettings settings(const std::string& base = {}) const;
  static constexpr const char* kUser = "tester";
  static constexpr const char* kPassword = "secret";

  void change(const Quirks& quirks);
  /// The first of the deviations that fit a command is taken.
  void deviate(Deviation deviation);
  void behave();  ///< forgets all deviations

  // --- the tree, keyed by absolute path without the first slash
  void put_file(const std::string& path, std::string content);  ///< makes the directories above it
  void make_dir(const std::string& path);
  void remove(const std::string& path);
  std::optional<std::string> file(const std::string& path) const;
  std::optional<std::int64_t> mtime_s(const std::string& path) const;
  bool is_dir(const std::string& path) const;
  std::map<std::string, std::string> files() const;

  // --- what it saw
  std::vector<std::string> commands() const;  ///< "STOR a/b"; the password is blanked out
  std::size_t count(std::string_view prefix) const;
  void forget_commands();
  int sessions() const;                ///< open now
  int most_sessions() const;           ///< that were ever open and greeted at one time
  std::uint64_t bytes_stored() const;  ///< that came in over data connections

  struct Inside;  ///< scripted_inside.h

 private:
  std::shared_ptr<Inside> inside_;
};

}  // namespace outhaul::test
