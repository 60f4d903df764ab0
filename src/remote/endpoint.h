// One server as all connections to it share it: settings, login, and what has been learned of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "outhaul/profile.h"
#include "outhaul/server_memory.h"
#include "remote/digest_way.h"
#include "remote/host_key_type.h"
#include "remote/login.h"
#include "remote/reply_parser.h"
#include "remote/tls_policy.h"
#include "remote/tls_versions.h"
#include "remote/watchdog.h"
#include "remote/wire_path.h"

namespace outhaul {

/// What FEAT offers (RFC 2389).
struct Features {
  bool mlst = false;
  bool mfmt = false;  ///< draft-somers-ftp-mfxx
  bool utf8 = false;  ///< RFC 2640
  bool avbl = false;  ///< draft-peterson-streamlined-ftp-command-extensions
  DigestWays digests = 0;
  /// From FEAT's reply; a negative one offers nothing.
  static Features from(const Reply& feat);
};

/// Begins with what earlier runs remember. Set by whoever finds out, read by all. Atomics: one writer's late
/// word costs a round trip, nothing else.
class Learned {
 public:
  Learned() = default;
  explicit Learned(const ServerMemory& told);

  enum class Known : std::uint8_t { unknown, yes, no };
  /// How times are set without MFMT. `told_mdtm`: an earlier run says so.
  enum class Mtime : std::uint8_t { unknown, told_mdtm, mdtm, none };
  std::atomic<Known> mlsd{Known::unknown};
  std::atomic<Known> list_all{Known::unknown};  ///< no: LIST takes "-a" for a name
  std::atomic<Mtime> mtime{Mtime::unknown};
  std::atomic<Known> size{Known::unknown};  ///< no: SIZE is refused, whatever it is asked about
  std::atomic<Known> mlst{Known::unknown};  ///< no: MLST is offered, but denied, or doesn't show what is there
  std::atomic<Known> pasv{Known::unknown};  ///< no: PASV is refused
  std::atomic<Known> statvfs{Known::unknown};  ///< no: a session ended at the question (SFTP)
  std::atomic<Known> chmod{Known::unknown};  ///< no: there is no SITE CHMOD
  /// yes: MKD of what is there is refused, so that a 257 is a new directory. ProFTPD 1.3.9 says 257 for all.
  std::atomic<Known> mkd_refuses{Known::unknown};
  std::atomic<DigestWays> broken_digests{0};  ///< offered, but they don't work

  /// Whether several commands may be on their way at once. `unknown`: it is worth proving (OrderProbe).
  Known answers_in_order() const noexcept { return order_; }
  void order_proven() noexcept { order_ = Known::yes; }
  /// A reply came that wasn't the one for its place: no luck makes good for that.
  void order_disproven() noexcept;
  /// A first try of it ended with a lost connection. That may have been the line: commands go one at a time
  /// until some have been answered, then it is tried once more, and only a second failure counts.
  void order_broke_off() noexcept;
  void answered_one_at_a_time() noexcept;

  /// FEAT's answer is asked for anew in each run: one round trip, and it says what the rest can't.
  std::optional<Features> features() const;
  void set_features(const Features& features);
  /// How digests are asked for; nullptr: they can't be, as far as is known.
  const DigestWay* digest_way() const;

  /// For what has no member of its own above.
  void note(const ServerMemory& found);
  /// All of it, what it was told included.
  ServerMemory memory() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Features> features_;  // guarded by mutex_
  ServerMemory rest_;                 // guarded by mutex_
  std::atomic<Known> order_{Known::unknown};
  std::atomic<int> order_failures_{0};
};

/// Immutable but for what is learned, and `watchdog`; thread-safe.
class Endpoint {
 public:
  /// Throws Error{usage} for what can't work.
  Endpoint(RemoteSettings settings, Login login, const ServerMemory& memory = {});
  ~Endpoint();
  Endpoint(Endpoint&&) = delete;

  const RemoteSettings settings;
  const WirePath paths;
  const std::string ca_file;  ///< the bundle to check against; empty = libcurl's own
  Learned learned;
  const TlsPolicy tls_policy;  ///< of the libcurl that runs
  TlsVersions tls_versions;
  std::atomic<bool> p256_first{false};  ///< as TlsSessions has it
  HostKeyType host_key_type;            ///< SFTP only
  Watchdog watchdog;

  /// Everything that was learned, the TLS version included.
  ServerMemory memory() const;

  /// With the user and the password that are really sent: an anonymous login has both.
  const Login& login() const noexcept { return login_; }

 private:
  Login login_;
};

}  // namespace outhaul
