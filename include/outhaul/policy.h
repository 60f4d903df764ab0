// The choices of a job that the pure layers need. Values, no behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/names.h"
#include "outhaul/paths.h"

namespace outhaul {

/// What happens on the remote to an object whose entry left the source.
enum class OnRemoval : std::uint8_t { keep, remove };

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

struct PlanPolicy {
  OnRemoval on_removal = OnRemoval::keep;
  Compare compare = Compare::stat;
  RemotePath target;
  NameRules names{};
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
};

}  // namespace outhaul
