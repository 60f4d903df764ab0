// The choices of a job that the pure layers need. Values, no behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/names.h"
#include "outhaul/paths.h"
#include "outhaul/remote_modes.h"

namespace outhaul {

/// What happens on the remote to an object whose entry left the source.
enum class OnRemoval : std::uint8_t {
  keep,    ///< it stays where it is
  remove,  ///< it is deleted
  retire,  ///< it is renamed into the versions, and retention decides how long it stays there
};

/// A time in calendar units: "1y6m", "30d", "2d12h".
struct Span {
  std::uint32_t years = 0, months = 0, days = 0, hours = 0;
  bool zero() const noexcept { return years == 0 && months == 0 && days == 0 && hours == 0; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// Which of a job's runs stay restorable. What the rules say is added up; 0 and zero() are "no such rule".
/// No rule at all: every run is kept (see plan/retention.h).
struct VersionPolicy {
  std::uint32_t last = 0, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
  Span within{};
  std::optional<std::uint64_t> max_bytes{};  ///< of retired objects; the oldest runs go first
  bool has_rules() const noexcept {
    return last + hourly + daily + weekly + monthly + yearly != 0 || !within.zero();
  }
  bool empty() const noexcept { return !has_rules() && !max_bytes; }
  friend bool operator==(const VersionPolicy&, const VersionPolicy&) = default;
};

/// What makes a file count as changed.
enum class Compare : std::uint8_t {
  stat,   ///< size, mtime → changed; inode or ctime → compare by content (default)
  mtime,  ///< size and mtime only: for file systems whose inodes or ctimes are not stable
  hash,   ///< every file is read and its SHA-256 compared
};

/// What must be shown of an upload before it counts as stored. The size is always asked.
enum class Proof : std::uint8_t {
  size,
  hash,       ///< the server's own digest of the part (HASH, XSHA256, …) equals ours
  read_back,  ///< the part is fetched again and its SHA-256 compared
};

/// What `adopt` does with what the remote has and the source hasn't.
enum class OnForeign : std::uint8_t {
  keep,    ///< it is told
  remove,  ///< it is deleted, within max_delete
};

struct PlanPolicy {
  OnRemoval on_removal = OnRemoval::retire;
  Compare compare = Compare::stat;
  RemotePath target;
  NameRules names{};
  /// Set: the state has all attributes as they were then, and where it vouches for them
  /// (plan/attributes.h) the scan isn't asked for them.
  std::optional<std::int64_t> attributes_known_ns{};
  RemoteModes remote_modes{};
};

/// A limit as "20%" or as a count. Exceeded when *more* than this would go.
struct Limit {
  std::optional<double> percent;
  std::optional<std::uint64_t> count;
  friend bool operator==(const Limit&, const Limit&) = default;
};

struct GuardPolicy {
  /// Unset: more than 50 % or more than 1000 removals, each only when over 10 files would go.
  std::optional<Limit> max_delete;
  /// Markers that must exist before a run, as absolute local paths.
  std::vector<std::string> require;
  /// Unset: more than 60 % of the stored files changed content, only when over 100 did.
  std::optional<Limit> max_change{};
  /// What stands under the names that a first run takes may be replaced.
  bool overwrite = false;
  /// `outhaul mirror`: there is no profile that advice could name.
  bool one_shot = false;
};

}  // namespace outhaul
