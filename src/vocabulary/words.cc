// The stable words of the vocabulary's enums. Scripts and stored reports hold them: a word may be added,
// never changed.
#include <algorithm>

#include "outhaul/doctor.h"
#include "outhaul/error.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "outhaul/remote.h"
#include "outhaul/restore.h"
#include "outhaul/verify.h"

namespace outhaul {

bool is_failure(ExitCode outcome) noexcept {
  return outcome != ExitCode::done && outcome != ExitCode::window_ended;
}

std::string_view to_string(ExitCode code) noexcept {
  switch (code) {
    case ExitCode::done:
      return "done";
    case ExitCode::failed:
      return "failed";
    case ExitCode::usage:
      return "usage";
    case ExitCode::incomplete:
      return "incomplete";
    case ExitCode::guard_refused:
      return "guard_refused";
    case ExitCode::remote_unusable:
      return "remote_unusable";
    case ExitCode::window_ended:
      return "window_ended";
    case ExitCode::locked:
      return "locked";
    case ExitCode::interrupted:
      return "interrupted";
    case ExitCode::terminated:
      return "terminated";
  }
  return "failed";
}

std::string_view to_string(Overwrite overwrite) noexcept {
  switch (overwrite) {
    case Overwrite::never:
      return "never";
    case Overwrite::changed:
      return "changed";
    case Overwrite::always:
      return "always";
  }
  return "never";
}

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
    case Reason::may_have_moved:
      return "may_have_moved";
    case Reason::too_large:
      return "too_large";
  }
  return "unknown";
}

std::string_view explain(Reason reason) noexcept {
  switch (reason) {
    case Reason::added:
      return "new";
    case Reason::size_changed:
      return "its size changed";
    case Reason::mtime_changed:
      return "its modification time changed";
    case Reason::inode_or_ctime:
      return "its size and time are the same but its inode or ctime changed";
    case Reason::hash_requested:
      return "the profile asks for a comparison by content";
    case Reason::metadata_changed:
      return "only its metadata changed";
    case Reason::removed:
      return "no longer in the source";
    case Reason::moved:
      return "moved or renamed in the source";
    case Reason::type_changed:
      return "it became another kind of entry";
    case Reason::resend:
      return "the remote does not hold a proven copy";
    case Reason::in_the_way:
      return "something of another kind takes its name";
    case Reason::kept_by_policy:
      return "no longer in the source; the profile keeps the remote copy";
    case Reason::under_doubt:
      return "gone as far as the scan could see, but it could not see enough";
    case Reason::name_too_long:
      return "its name is too long for the remote";
    case Reason::may_have_moved:
      return "gone from here, but it may be what can't be stored under its new name";
    case Reason::too_large:
      return "it is larger than all that the remote may hold";
  }
  return "unknown reason";
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
    case ActionKind::retire:
      return "retire";
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
    case Guard::mass_loss:
      return "mass_loss";
    case Guard::mass_change:
      return "mass_change";
    case Guard::other_mount:
      return "other_mount";
    case Guard::no_space:
      return "no_space";
    case Guard::foreign_remote:
      return "foreign_remote";
    case Guard::lost_mark:
      return "lost_mark";
    case Guard::taken_names:
      return "taken_names";
  }
  return "unknown";
}

std::string_view to_string(FailureClass failure) noexcept {
  switch (failure) {
    case FailureClass::none:
      return "none";
    case FailureClass::retry:
      return "retry";
    case FailureClass::reconnect:
      return "reconnect";
    case FailureClass::unknown_outcome:
      return "unknown_outcome";
    case FailureClass::lower_cap:
      return "lower_cap";
    case FailureClass::skip_file:
      return "skip_file";
    case FailureClass::no_space:
      return "no_space";
    case FailureClass::stop_job:
      return "stop_job";
    case FailureClass::stop_run:
      return "stop_run";
    case FailureClass::cancelled:
      return "cancelled";
  }
  return "unknown";
}

/// A comparison needs it too: what differs is sent.
bool Plan::needs_remote() const noexcept {
  return std::any_of(actions.begin(), actions.end(), [](const Action& action) {
    switch (action.kind) {
      case ActionKind::make_dir:
      case ActionKind::upload:
      case ActionKind::compare:
      case ActionKind::move:
      case ActionKind::remove:
      case ActionKind::remove_dir:
      case ActionKind::retire:
        return true;
      case ActionKind::record:
        return action.mode.has_value();
      case ActionKind::forget:
      case ActionKind::withhold:
        return false;
    }
    return true;
  });
}

std::string_view to_string(VerifyFinding::Kind kind) noexcept {
  switch (kind) {
    case VerifyFinding::Kind::missing:
      return "missing";
    case VerifyFinding::Kind::size_differs:
      return "size_differs";
    case VerifyFinding::Kind::content_differs:
      return "content_differs";
    case VerifyFinding::Kind::directory_missing:
      return "directory_missing";
    case VerifyFinding::Kind::unproven:
      return "unproven";
    case VerifyFinding::Kind::foreign:
      break;
  }
  return "foreign";
}

std::string_view to_string(DoctorCheck::Verdict verdict) noexcept {
  switch (verdict) {
    case DoctorCheck::Verdict::works:
      return "works";
    case DoctorCheck::Verdict::advice:
      return "advice";
    case DoctorCheck::Verdict::degraded:
      return "degraded";
    case DoctorCheck::Verdict::fails:
      break;
  }
  return "fails";
}

}  // namespace outhaul
