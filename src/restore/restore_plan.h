// Everything that a restore of one job will do, before it does any of it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "base/digest.h"
#include "outhaul/entry.h"
#include "outhaul/restore.h"
#include "restore/decide.h"
#include "restore/destination.h"

namespace outhaul {

/// Where a file's content lies on the remote.
struct RemoteCopy {
  RemotePath name;
  std::uint64_t size = 0;
  std::optional<Sha256Digest> sha256;
  std::string missing;  ///< why it can't be had; empty: it can
};

struct RestoreStep {
  enum class Kind : std::uint8_t { make_dir, keep_dir, make_file, fetch, compare, make_symlink, link };
  Kind kind = Kind::fetch;
  bool replaces = false;
  bool bare = false;  ///< a directory that the tree has no entry for: it has no metadata to give
  Entry entry;
  RemoteCopy copy;         ///< files only
  std::size_t leader = 0;  ///< link: the step of the file that it is a name of
};

struct RestorePlan {
  std::vector<RestoreStep> steps;  ///< a directory before what is below it, a link behind its leader
  RestorePlanned counts;
  std::vector<Problem> problems;  ///< what can't be restored, or may not; without a job's name
};

/// Looks at the destination and decides. One thread.
class RestorePlanner {
 public:
  /// `copy_of`: where the content of a file lies.
  RestorePlanner(const Destination& to, Overwrite overwrite, std::function<RemoteCopy(const Entry&)> copy_of);
  /// The next entry of the tree; a directory before what is below it.
  void add(Entry&& entry);
  RestorePlan take() { return std::move(plan_); }

 private:
  using Inode = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, Sha256Digest>;

  void place(Entry&& entry, bool bare);
  bool parent_is_usable(const Entry& entry);
  std::optional<Standing> look(const Entry& entry) const;
  void take_file(RestoreStep&& step);
  void count(const RestoreStep& step);
  void problem(Problem::Severity severity, const Entry& entry, std::string message, std::string advice);
  void tell_difference(const Entry& entry, const Standing& there);
  void tell_obstacle(const Entry& entry, const Standing& there);

  const Destination& to_;
  Overwrite overwrite_;
  std::function<RemoteCopy(const Entry&)> copy_of_;
  std::unordered_set<std::string> dirs_, new_dirs_, blocked_;
  std::map<Inode, std::size_t> leaders_;
  RestorePlan plan_;
};

}  // namespace outhaul
