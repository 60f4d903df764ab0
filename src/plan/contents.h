// What a file may be under another name. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "outhaul/entry.h"
#include "outhaul/policy.h"

namespace outhaul {

/// Sizes and modification times of files, to find them again under other names: a rename keeps both, and so
/// does a copy that means to. Inodes say less, because a copy to another file system has a new one.
class Contents {
 public:
  /// Where times can't be trusted either ("compare": "mtime" says so of inodes, and the file systems that it
  /// is for lose more), the size alone counts.
  explicit Contents(Compare compare) : by_size_alone_(compare == Compare::mtime) {}
  /// An empty file has nothing to lose. True when it is new.
  bool add(const Entry& entry) {
    return entry.kind == EntryKind::file && entry.size > 0 && known_.insert(key(entry)).second;
  }
  bool have(const Entry& entry) const { return known_.contains(key(entry)); }

 private:
  std::pair<std::uint64_t, std::int64_t> key(const Entry& entry) const {
    return {entry.size, by_size_alone_ ? 0 : entry.mtime_ns};
  }
  bool by_size_alone_;
  std::set<std::pair<std::uint64_t, std::int64_t>> known_;
};

}  // namespace outhaul
