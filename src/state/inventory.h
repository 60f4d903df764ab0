// What the remote should hold, directory by directory: the state's side of a comparison with its listings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "outhaul/entry.h"
#include "outhaul/names.h"
#include "state/object_status.h"

namespace outhaul {

enum class JobId : std::int64_t;

/// A job as the inventory needs it: which directories of the remote its recorded directories are.
struct JobScope {
  JobId id{};
  RemotePath target;
  NameRules names;
  bool append_only = false;  ///< directories are there only where something was stored in them
};

/// A stored file by the name that it has in its directory.
struct KnownObject {
  ObjectId id = kNoObject;
  std::string name;  ///< wire bytes of one segment
  std::uint64_t size = 0;
  std::optional<Sha256Digest> sha256;
  ObjectStatus status = ObjectStatus::live;  ///< or kept, or retired
  JobId job{};                               ///< 0: of a time when objects had none
};

/// One directory of the remote.
struct KnownDir {
  RemotePath dir;
  JobId job{};                       ///< whose recorded directory it is, with its path; 0: nobody's
  std::optional<RelPath> path;       ///< set with `job`
  std::vector<KnownObject> objects;  ///< sorted by name
  std::vector<std::string> dirs;     ///< names of the directories that must be in it, sorted
  /// What append-only uploads that were cut off may have left, sorted: it may be there, whole or in part.
  std::vector<std::string> unfinished;
};

/// Directories in plain byte order of their paths, so that a directory comes after the one that holds it. A
/// snapshot like EntryStream; memory is that of one directory.
class Inventory {
 public:
  virtual ~Inventory() = default;
  virtual bool next(KnownDir& dir) = 0;
};

/// An object that could be read back to prove it.
struct ReadCandidate {
  ObjectId object = kNoObject;
  std::uint64_t size = 0;
  std::int64_t proven_ns = 0;  ///< when its content was last known to be right: read back, or else stored
  bool read_before = false;
  bool live = true;  ///< false: a version, or kept
  JobId job{};
  friend bool operator==(const ReadCandidate&, const ReadCandidate&) = default;
};

}  // namespace outhaul
