// Changes and plans: what differs, and the ordered, reasoned list of actions that makes the remote equal the
// source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/policy.h"

namespace outhaul {

/// Why an action is there. Printed by `plan`, written into reports.
enum class Reason : std::uint8_t {
  added,  ///< not in the state
  size_changed,
  mtime_changed,
  inode_or_ctime,    ///< same size and mtime, but ctime or inode moved: content must be compared (pain 28)
  hash_requested,    ///< "compare": "hash"
  metadata_changed,  ///< mode, owner, link target, directory times: nothing to send
  removed,           ///< in the state, no longer in the source
  moved,             ///< same dev, inode, size and mtime under another path
  type_changed,      ///< file ↔ directory ↔ symlink
  resend,      ///< the state says the object is not on the remote (a crashed run, a verify that found it bad)
  in_the_way,  ///< must leave so that something of another type can take its name
  kept_by_policy,  ///< removed in the source, on_removal keep
  under_doubt,     ///< removed in the source as far as we can see, but we could not see enough
  name_too_long,   ///< the escaped name has a segment longer than the server can hold
  may_have_moved,  ///< removed in the source, and it may be what can't be stored under its new name
  too_large,       ///< larger than all that the remote may hold
};

enum class ActionKind : std::uint8_t {
  make_dir,    ///< MKD, then record
  upload,      ///< send, prove, publish, record
  compare,     ///< hash the local file; equal to the state's hash → record, else upload
  move,        ///< RNFR/RNTO from the old name, record
  remove,      ///< delete the object, end the entry
  remove_dir,  ///< RMD if empty, end the entry
  record,      ///< state only: metadata, symlinks
  forget,      ///< state only: end the entry (a symlink, or on_removal keep)
  withhold,    ///< nothing is done: a removal under doubt, or an entry that can't be stored; always reported
  retire,      ///< rename the object into the versions, end the entry; last, because plan ids count the kinds
};
inline constexpr std::size_t kActionKinds = 10;

struct Action {
  ActionKind kind{};
  Reason reason{};
  /// Publish (or make, move into place, record) only after the removals, because something of another type
  /// holds the name.
  bool after_removals = false;
  /// The entry as it shall be recorded; for remove/retire/remove_dir/forget and a withheld removal the stored
  /// one, for a new entry that is withheld the scanned one. entry.object is the object that this action
  /// replaces, moves or deletes (kNoObject when there is none).
  Entry entry;
  /// move: the old path. Empty otherwise.
  RelPath from;
  /// The file is expected to change while it is read, and is stored as it is read then (Job::changing).
  bool changing = false;
  /// record, compare, move: the permissions that the stored copy must be given, because the source's are others
  /// now (mode_to_change()).
  std::optional<std::uint32_t> mode{};
};

struct PlanCounts {
  std::uint64_t make_dirs = 0, uploads = 0, compares = 0, moves = 0, removes = 0, remove_dirs = 0,
                records = 0, forgets = 0, withheld = 0, retires = 0;
  std::uint64_t replaces = 0;      ///< of uploads: the content of a stored file changed
  std::uint64_t upload_bytes = 0;  ///< of uploads; compares are not counted
  std::uint64_t compare_bytes = 0;
  std::uint64_t remove_bytes = 0, retire_bytes = 0;
  std::uint64_t scanned_files = 0, scanned_dirs = 0, scanned_symlinks = 0, scanned_bytes = 0, unchanged = 0;
  std::uint64_t stored_files = 0;  ///< files in the state before this run: what a percentage refers to
};

/// The actions in the order in which they are to be carried out: make_dir (parents first), then compare,
/// upload, move, record, then forget, retire, remove, then remove_dir (children first); withhold last. Within
/// a kind: by path.
///
/// Two passes: first everything without after_removals in this order, then what has it, again in this order
/// (an upload may be sent to its part in the first pass; only its publication waits). A name that an
/// after_removals action takes is freed by an action of the first pass: a remove, retire, remove_dir or
/// forget of the same path, or a move from it. When that one failed, or one for a directory above did, the
/// name is still taken and the action must not be carried out. tests/unit/plan/model.cc is this paragraph as
/// code.
///
/// A path that changed its type without anything in the way (a symlink before) has one action, which replaces
/// the entry.
struct Plan {
  std::vector<Action> actions;
  std::vector<ScanProblem> problems;  ///< everything that the scan reported
  PlanCounts counts;
  /// Identifies exactly these actions on exactly these entries (12 hex digits). What --approve takes.
  std::string id;

  bool empty() const noexcept { return actions.empty(); }
  /// True when an action needs the remote, or may need it (a compare that finds a difference, a record of a
  /// mode that the copy must be given).
  bool needs_remote() const noexcept;
};

std::string_view to_string(Reason) noexcept;      ///< stable words for JSON: "mtime_changed"
std::string_view to_string(ActionKind) noexcept;  ///< "make_dir", "upload", …
std::string_view explain(Reason) noexcept;        ///< for people: "its modification time changed"

}  // namespace outhaul
