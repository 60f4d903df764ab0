// The merge of scan and state into changes. Pure: reads two streams, tells a sink.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/plan.h"
#include "outhaul/policy.h"

namespace outhaul {

struct Change {
  enum class Kind : std::uint8_t {
    added,
    content,
    suspect,
    metadata,
    removed,
    type_changed,
    doubtful_removal
  };
  Kind kind{};
  Reason reason{};
  Entry now;     ///< as scanned; empty path for removed and doubtful_removal. now.object carries the stored
                 ///< object over
  Entry before;  ///< as stored; empty path for added
};

/// A file system that has another device number than when its entries were recorded.
struct DeviceChange {
  std::uint64_t stored = 0;
  std::uint64_t scanned = 0;
  friend bool operator==(const DeviceChange&, const DeviceChange&) = default;
};

struct DiffCounts {
  std::uint64_t scanned_files = 0, scanned_dirs = 0, scanned_symlinks = 0, scanned_bytes = 0, unchanged = 0,
                stored_files = 0;
  /// Learned from entries that have the same path, inode, mtime and ctime but another dev. Device numbers
  /// change across reboots, so dev alone is no change and isn't recorded anew; with this moves are still
  /// found.
  std::vector<DeviceChange> devices;
};

/// Everything that differs, in path order, and every problem of the scan. Memory: doubts that may still
/// matter. `suspect`: same size and mtime, but inode or ctime differ (or the policy wants hashes): content
/// must be compared. `metadata`: mode, owner, attributes, links, holes or link target; mtime too for
/// directories and symlinks (for a directory that is every change of its content: a cheap record, and a
/// restore gets the time right). Size, inode and ctime of directories and symlinks alone are no change; nor
/// is a name of an owner that isn't known tonight, while the number is the same (the directory service may be
/// down): what was recorded is carried over. So are attributes for which the state vouches; the scan is asked
/// to complete all others. `doubtful_removal`: gone from the scan, but at or below a
/// problem that casts doubt.
struct ChangeSink {
  std::function<void(Change&&)> change;
  std::function<void(ScanProblem&&)> problem;
  std::function<void(const DiffCounts&)> progress;  ///< now and then; may be empty
};
/// Both streams must be in byte order: disorder throws Error{internal}, because it would look like removals.
/// A path that the scan gives twice (a rename while it read the directory) counts once.
DiffCounts diff(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy, const ChangeSink& sink);

}  // namespace outhaul
