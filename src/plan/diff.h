// The merge of scan and state into changes. Pure: reads two streams, tells a sink.
#pragma once

#include <functional>

#include "outhaul/entry.h"
#include "outhaul/plan.h"
#include "outhaul/policy.h"

namespace outhaul {

struct Change {
  enum class Kind : std::uint8_t { added, content, suspect, metadata, removed, type_changed, doubtful_removal };
  Kind kind{};
  Reason reason{};
  Entry now;      ///< as scanned; empty path for removed and doubtful_removal. now.object carries the stored object over
  Entry before;   ///< as stored; empty path for added
};

struct DiffCounts {
  std::uint64_t scanned_files = 0, scanned_dirs = 0, scanned_symlinks = 0, scanned_bytes = 0, unchanged = 0,
                stored_files = 0;
};

/// Everything that differs, in path order, and every problem of the scan. Memory: what lies on the current path.
/// `suspect`: same size and mtime, but inode or ctime differ (or the policy wants hashes): content must be compared.
struct ChangeSink {
  std::function<void(Change&&)> change;
  std::function<void(ScanProblem&&)> problem;
  std::function<void(const DiffCounts&)> progress;   ///< now and then; may be empty
};
DiffCounts diff(ScanStream& scanned, EntryStream& stored, const PlanPolicy& policy, const ChangeSink& sink);

}  // namespace outhaul
