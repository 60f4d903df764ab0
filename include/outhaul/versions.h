// Versions: what a job's earlier runs can still give back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/paths.h"
#include "outhaul/report.h"

namespace outhaul {

/// A run after which a job's whole tree can be brought back.
struct Snapshot {
  RunId run = kNoRun;
  std::int64_t started_ns = 0;  ///< of the run
  bool forgotten = false;       ///< retention let it go: what only it referred to is no longer on the remote
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// The retired objects of one life: they were in the tree after every run r with created ≤ r < retired.
struct VersionGroup {
  RunId created = kNoRun, retired = kNoRun;
  std::uint64_t objects = 0, bytes = 0;
  friend bool operator==(const VersionGroup&, const VersionGroup&) = default;
};

/// What retention says of one run.
struct RunVerdict {
  RunId run = kNoRun;
  bool kept = false;
  /// Why it is kept: "newest", "last", "daily", "oldest weekly", "within 30d", …; or why it is not: "no rule
  /// keeps it", "max_bytes".
  std::vector<std::string> reasons;
};

/// What retention makes of a job's runs and versions.
struct Retention {
  std::vector<RunVerdict> runs;  ///< in order
  std::vector<RunId> forgotten;  ///< those that are not kept
  VersionGroup garbage;          ///< objects and bytes that no kept run needs
  std::uint64_t kept_bytes = 0;  ///< of the versions that stay
  std::uint64_t over_by = 0;     ///< what `max_bytes` is exceeded by although only the newest run is left
  /// Of several older runs none stays. Not what a policy does night by night: it was changed.
  bool forgets_all_older() const noexcept { return runs.size() > 2 && forgotten.size() + 1 == runs.size(); }
};

/// Where `run` puts what stands under `live_name`: ".outhaul/versions/<run>/<live name>", so that a person
/// with any FTP client finds yesterday's copy by its path. Where that would be longer than kMaxRemotePath:
/// ".outhaul/versions/<run>~/<object>", a directory that no run's number names.
RemotePath version_name_for(RunId run, const RemotePath& live_name, ObjectId object);

}  // namespace outhaul
