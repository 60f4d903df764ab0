// The stable words for JSON and the words for people.
#include "outhaul/guard.h"
#include "outhaul/plan.h"

namespace outhaul {

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::added:
      return "added";
    case Reason::size_changed:
      return "size_changed";
    case Reason::mtime_changed:
      return "mtime_changed";
    case Reason::inode_or_ctime:
      return "inode_or_ctime";
    case Reason::hash_requested:
      return "hash_requested";
    case Reason::metadata_changed:
      return "metadata_changed";
    case Reason::removed:
      return "removed";
    case Reason::moved:
      return "moved";
    case Reason::type_changed:
      return "type_changed";
    case Reason::resend:
      return "resend";
    case Reason::in_the_way:
      return "in_the_way";
    case Reason::kept_by_policy:
      return "kept_by_policy";
    case Reason::under_doubt:
      return "under_doubt";
    case Reason::name_too_long:
      return "name_too_long";
  }
  return "unknown";
}

std::string_view explain(Reason reason) noexcept {
  switch (reason) {
    case Reason::added:
      return "it is new";
    case Reason::size_changed:
      return "its size changed";
    case Reason::mtime_changed:
      return "its modification time changed";
    case Reason::inode_or_ctime:
      return "its inode or change time moved, so its content must be compared";
    case Reason::hash_requested:
      return "the profile asks for its content to be compared";
    case Reason::metadata_changed:
      return "its mode, owner, time or link target changed";
    case Reason::removed:
      return "it is no longer in the source";
    case Reason::moved:
      return "it has another name now";
    case Reason::type_changed:
      return "it became a file, directory or symlink where there was something else";
    case Reason::resend:
      return "its copy on the remote is missing or bad";
    case Reason::in_the_way:
      return "its name on the remote is taken by something of another type";
    case Reason::kept_by_policy:
      return "it is no longer in the source; the profile keeps its copy on the remote";
    case Reason::under_doubt:
      return "it could not be seen well enough to say that it is gone";
    case Reason::name_too_long:
      return "its name on the remote would be longer than a server can hold";
  }
  return "for an unknown reason";
}

std::string_view to_string(ActionKind kind) noexcept {
  switch (kind) {
    case ActionKind::make_dir:
      return "make_dir";
    case ActionKind::upload:
      return "upload";
    case ActionKind::compare:
      return "compare";
    case ActionKind::move:
      return "move";
    case ActionKind::remove:
      return "remove";
    case ActionKind::remove_dir:
      return "remove_dir";
    case ActionKind::record:
      return "record";
    case ActionKind::forget:
      return "forget";
    case ActionKind::withhold:
      return "withhold";
  }
  return "unknown";
}

std::string_view to_string(Guard guard) noexcept {
  switch (guard) {
    case Guard::missing_source:
      return "missing_source";
    case Guard::empty_source:
      return "empty_source";
    case Guard::missing_marker:
      return "missing_marker";
    case Guard::mass_deletion:
      return "mass_deletion";
  }
  return "unknown";
}

}  // namespace outhaul
