// The names that one run gives to what an append-only job stores.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <unordered_set>
#include <vector>

#include "execute/uploader.h"
#include "lanes/commands.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// Each name is given once, and never again by any run: what was sent under it can't be taken back or
/// overwritten. Job thread only.
class IncrementNames {
 public:
  /// `fold`: what the server may take for the same.
  IncrementNames(const Job& job, RunId run, std::int64_t started_ns, const NameFold& fold)
      : job_(job), run_(run), started_ns_(started_ns), fold_(fold) {}

  /// A name for `path` that wasn't given yet, of the first attempt from `attempt` on that has one: names that
  /// the server may take for one lie in directories of their own.
  RemotePath name_for(const RelPath& path, int& attempt);
  /// Whether a part lies under a name that an append-only run gave to the file by today's rules for names.
  bool is_one(const Part& part) const;
  /// Makes the directories above the tasks' names that this run hasn't made yet, in one pipelined batch. One
  /// that can't be made shows in the upload.
  void make_dirs(Commands& commands, std::span<const Task> tasks);

 private:
  RemotePath dir(int attempt) const;

  const Job& job_;
  RunId run_;
  std::int64_t started_ns_;
  NameFold fold_;
  std::unordered_set<std::uint64_t> given_;  ///< hashes: a false hit costs another directory
  std::set<RemotePath> made_;
};

}  // namespace outhaul
