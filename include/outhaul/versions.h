// Versions: what a job's earlier runs can still give back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/paths.h"
#include "outhaul/put_off.h"
#include "outhaul/run_id.h"

namespace outhaul {

/// A run after which a job's whole tree can be brought back.
struct Snapshot {
  RunId run = kNoRun;
  std::int64_t started_ns = 0;  ///< of the run
  bool forgotten = false;       ///< retention let it go: what only it referred to is no longer on the remote
  /// Between the run and the newest one a clock jumped over so much time, which makes it no older (see
  /// plan/timeline.h).
  std::int64_t unseen_ns = 0;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// The retired objects of one life: they were in the tree after every run r with created ≤ r < retired.
struct VersionGroup {
  RunId created = kNoRun, retired = kNoRun;
  std::uint64_t objects = 0, bytes = 0;
  friend bool operator==(const VersionGroup&, const VersionGroup&) = default;
};

/// When a run began, by the machine's clock.
struct RunTime {
  RunId run = kNoRun;
  std::int64_t started_ns = 0;
  bool approved = false;  ///< somebody has said that the clock was right then
};

/// A retired object, as far as retention asks for it.
struct Departed {
  RunId created = kNoRun, retired = kNoRun;
  std::uint64_t size = 0;
};

/// What retention says of one run.
struct RunVerdict {
  RunId run = kNoRun;
  bool kept = false;
  /// Why it is kept: "newest", "last", "daily", "oldest weekly", "within 30d", …; or why it is not: "no rule
  /// keeps it", "max_bytes". "put off" is one, too.
  std::vector<std::string> reasons;
};

/// What retention makes of a job's runs and versions.
struct Retention {
  std::vector<RunVerdict> runs;  ///< in order
  std::vector<RunId> forgotten;  ///< those that are not kept
  VersionGroup garbage;          ///< objects and bytes that no kept run needs
  std::uint64_t kept_bytes = 0;  ///< of the versions that stay
  std::uint64_t over_by = 0;     ///< what `max_bytes` is exceeded by although only the newest run is left
  std::vector<PutOff> put_off;   ///< what all that leaves out
  bool clock_approved = false;   ///< by a time that is relied on because somebody has said so
  /// Of several older runs none stays. Not what a policy does night by night: it was changed.
  bool forgets_all_older() const noexcept { return runs.size() > 2 && forgotten.size() + 1 == runs.size(); }
};

/// Where `run` puts what stands under `live_name`: ".outhaul/versions/<run>/<live name>", so that a person
/// with any FTP client finds yesterday's copy by its path. Where that would be longer than kMaxRemotePath:
/// ".outhaul/versions/<run>~/<object>", a directory that no run's number names.
RemotePath version_name_for(RunId run, const RemotePath& live_name, ObjectId object);

}  // namespace outhaul
