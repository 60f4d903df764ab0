// The source as an ordered stream of entries.
#pragma once

#include <filesystem>
#include <memory>

#include "base/cancel.h"
#include "filter/patterns.h"
#include "outhaul/entry.h"
#include "outhaul/leave_out.h"

namespace outhaul {

struct ScanOptions {
  std::filesystem::path source;
  bool one_file_system = false;
  /// Left out silently when it lies inside the source (the state directory). Absolute, may be empty.
  std::filesystem::path leave_out;
  /// Read extended attributes, ACLs among them.
  bool xattrs = true;
  /// Leave them to ScanStream::complete(), for who knows most of them already. They are read on the way after
  /// all where there is no /proc, which that needs.
  bool xattrs_later = false;
  /// What is left out beside what `filter` takes; silently, too.
  LeaveOut rules = {};
};

/// Walks with openat/fstatat and O_NOFOLLOW from one directory descriptor, so that no symlink race leads
/// outside; holds open one descriptor per depth (re-opened by path of descriptors past 200 levels) and the
/// names of the directories on the current path, never the tree. The walk runs on a thread of its own, ahead
/// of next() by a bounded number of entries. `filter` and `cancel` must outlive the stream. Throws
/// Error{source} when the source is missing, not a directory, or can't be read; Error{cancelled} from next()
/// when cancelled. Attributes that can't be read are a problem that casts no doubt, before their entry. The
/// source directory itself is not an entry.
std::unique_ptr<ScanStream> scan(const ScanOptions& options, const Filter& filter, const CancelToken& cancel);

}  // namespace outhaul
