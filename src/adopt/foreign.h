// What adopt finds on the remote that the source hasn't got, and its way out when the profile says so.
#pragma once

#include <string>
#include <vector>

#include "lanes/commands.h"
#include "outhaul/adopt.h"
#include "outhaul/entry.h"
#include "outhaul/policy.h"
#include "outhaul/remote.h"
#include "state/state.h"

namespace outhaul {

/// Collects the names below a job's target that may be deleted, and what forbids that.
class Foreign {
 public:
  /// Of an entry that the source hasn't got.
  void add_file(const RemotePath& path) { files_.push_back(path); }
  void add_dir(const RemotePath& path) { dirs_.push_back(path); }
  /// Nothing is deleted then: what seems foreign may not be. The first one is kept.
  void doubt(std::string why);
  void scanned(const ScanProblem& problem);
  void listed(const RemotePath& dir, const Listing& listing);

  bool empty() const noexcept { return files_.empty() && dirs_.empty(); }
  const std::string& why_not() const noexcept { return doubt_; }
  std::uint64_t count() const noexcept { return files_.size(); }
  /// Identifies exactly these names (12 hex digits). What --approve takes.
  std::string id() const;

  /// What the state knows is no stranger, whatever the source says.
  void spare(const State& state, JobId job);
  /// Deletes files, then directories that are empty, deepest first. What the server refuses is in `failed`.
  struct Outcome {
    std::uint64_t files = 0;
    std::vector<std::pair<RemotePath, std::string>> failed;
  };
  Outcome remove(Commands& commands);

 private:
  std::vector<RemotePath> files_, dirs_;
  std::string doubt_;
};

}  // namespace outhaul
