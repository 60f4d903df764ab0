// One server as all connections to it share it: settings, login, and what has been learned of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "outhaul/profile.h"
#include "outhaul/server_memory.h"
#include "remote/login.h"
#include "remote/reply_parser.h"
#include "remote/watchdog.h"
#include "remote/wire_path.h"

namespace outhaul {

/// What FEAT offers (RFC 2389).
struct Features {
  bool mlst = false;
  bool mfmt = false;  ///< draft-somers-ftp-mfxx
  bool utf8 = false;  ///< RFC 2640
  /// From FEAT's reply; a negative one offers nothing.
  static Features from(const Reply& feat);
};

/// Set by whoever finds out, read by all. Atomics: one writer's late word costs a round trip, nothing else.
struct Learned {
  enum class Mtime : std::uint8_t { unknown, mdtm, none };
  std::atomic<bool> no_mlsd{false};
  std::atomic<bool> no_list_all{false};    ///< LIST takes "-a" for a name
  std::atomic<bool> one_at_a_time{false};  ///< dislikes pipelined commands
  std::atomic<Mtime> mtime{Mtime::unknown};

  std::optional<Features> features() const;
  void set_features(const Features& features);

 private:
  mutable std::mutex mutex_;
  std::optional<Features> features_;
};

/// Immutable but for `learned` and `watchdog`; thread-safe.
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
  Watchdog watchdog;

  /// With the user and the password that are really sent: an anonymous login has both.
  const Login& login() const noexcept { return login_; }

 private:
  Login login_;
};

}  // namespace outhaul
