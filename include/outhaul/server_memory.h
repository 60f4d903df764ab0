// What has been learned of one server. Kept in the state between runs, so that each thing is found out once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "outhaul/odd_names.h"

namespace outhaul {

struct RemoteSettings;  // outhaul/profile.h

/// Unset: nobody knows yet. Every member is a hint that saves a round trip or a failure; a wrong one costs
/// that again and is then corrected, never a byte.
struct ServerMemory {
  std::optional<bool> mlsd;          ///< MLSD works (RFC 3659 §7)
  std::optional<bool> list_all;      ///< "LIST -a" shows hidden files; false: it takes "-a" for a name
  std::optional<bool> hidden_files;  ///< listings show names that begin with a dot
  std::optional<bool> size;          ///< SIZE works (RFC 3659 §4)
  /// SFTP: statvfs@openssh.com may be asked. false: a session ended at it, or stayed without an answer
  /// (MySecureShell 2.0).
  std::optional<bool> statvfs;
  /// It has proven that it carries out and answers commands in the order in which they come: several may be
  /// on their way at once.
  std::optional<bool> answers_in_order;
  std::optional<bool> rename_over;     ///< RNTO replaces what stands under the name
  std::optional<bool> case_sensitive;  ///< "A" and "a" are two names
  /// It goes on with a broken upload and leaves what was there as it was. Found out by reading back, and
  /// when: neither answer is believed for ever.
  std::optional<bool> resume;
  std::int64_t resume_seen_ns = 0;
  // Names of these kinds (outhaul/odd_names.h) are kept as they are sent, and apart from others.
  std::optional<bool> keeps_raw_bytes, keeps_quotes, keeps_leading_spaces;
  std::optional<std::string> mtime;  ///< "MFMT", "MDTM" or "none"
  std::optional<std::string> hash;   ///< the best digest offered: "HASH SHA-256", "XSHA256", …; "none"
  std::optional<std::int64_t> clock_offset_s;  ///< the server's clock minus ours, for times in listings
  std::optional<std::string> tls_max;          ///< the best TLS version that works: "1.2" after 1.3 failed
  /// How many connections it lets us have at a time, and when that was last seen. An old cap is tried again.
  std::optional<int> connections;
  std::int64_t connections_seen_ns = 0;
  /// When it was last found that the server can't do something that spares round trips. 0: never.
  std::int64_t limits_seen_ns = 0;

  friend bool operator==(const ServerMemory&, const ServerMemory&) = default;
};

/// As rows for the state; unset members have none.
std::map<std::string, std::string> to_facts(const ServerMemory& memory);
/// Facts that aren't understood (a newer outhaul's, damaged ones) are left unset.
ServerMemory memory_from_facts(const std::map<std::string, std::string>& facts);

/// Which server it is, for the state: "ftp://host:21". One machine's FTP and SFTP are two servers.
std::string server_key(const RemoteSettings& remote);

/// What is known after `found` was found out; where both say something, the newer word counts.
ServerMemory merged(const ServerMemory& known, const ServerMemory& found, std::int64_t now_ns);

/// What a run may go by: limits of the server that are older than a month are unknown again, because servers
/// get better; so is whether it resumes, either way, because servers are replaced. Finding out costs what it
/// cost the first time.
ServerMemory without_old_limits(const ServerMemory& memory, std::int64_t now_ns);

/// The kinds of names of which it is known that the server keeps them, and those of which it is known that it
/// doesn't.
OddNames kept_names(const ServerMemory& memory);
OddNames lost_names(const ServerMemory& memory);
/// Notes that of `asked` it keeps `kept`, and not the others.
void note_names(ServerMemory& memory, const OddNames& asked, const OddNames& kept);

/// What a run saw of the server's limit on connections.
struct ConnectionUse {
  int used = 0;          ///< at one time, and they worked
  bool refused = false;  ///< and one more was refused when it was last tried
};
ServerMemory with_connections(const ServerMemory& memory, const ConnectionUse& use, std::int64_t now_ns);

/// How many connections a run starts with: what the profile allows and the server let us have. A week after
/// the server last refused one, each run tries one more.
int connections_to_try(int allowed, const ServerMemory& memory, std::int64_t now_ns);

}  // namespace outhaul
