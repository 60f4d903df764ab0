// Whether the remote is this state's to write to.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "catalog/owner.h"
#include "job/environment.h"
#include "job/lazy_remote.h"
#include "outhaul/guard.h"
#include "state/state.h"

namespace outhaul {

/// This machine and this state, as owner.
Owner owner_of(const Profile& profile, const State& state, const Clock& clock);

/// Asks once per command, before anything else is said to the remote: two SIZEs in one batch where the marker
/// of this state stands there. Everything that must outlive the LazyRemote it guards is borrowed.
class OwnershipGate {
 public:
  enum class Claim : std::uint8_t {
    if_free,  ///< a remote without an owner gets this one
    never,
  };
  OwnershipGate(const Profile& profile, const State& state, const Environment& environment, Claim claim);
  LazyRemote::Gate gate();
  /// Set once the remote has turned out to be another's, or to have lost the mark that this state left there:
  /// whatever failed then failed for that.
  std::optional<GuardRefusal> refusal() const;
  /// The remote has this state's mark, as of now.
  bool marked() const noexcept { return mark_ == Mark::there; }
  /// It had it, and has not now.
  bool lost_its_mark() const noexcept { return mark_ == Mark::lost; }

 private:
  enum class Mark : std::uint8_t { unknown, there, lost };

  void ask(Remote& real, CommandRunner& runner);
  void ask_at_length(Remote& real, bool free);

  Error lost_mark(const Remote& remote) const;

  Owner self_;
  const Environment& environment_;
  RetryPolicy retry_;
  bool append_only_;
  bool keeps_private_;
  bool has_marker_;
  Claim claim_;
  const bool was_marked_;
  std::string dir_, dir_before_;  ///< what the profile calls ".outhaul" there, and where the mark stood
  std::atomic<Mark> mark_{Mark::unknown};
  mutable std::mutex mutex_;
  std::optional<GuardRefusal> refusal_;
};

/// That the remote has this state's mark. From then on a remote without any is not the one that the state
/// knows: it is another disk, or it has lost what was stored there.
void remember_mark(State& state, const Profile& profile);
/// The profile calls outhaul's own directory otherwise than the one that had the mark: the remote must be asked even
/// when there is nothing to send.
bool control_dir_changed(const State& state, const Profile& profile);
/// Somebody has looked at all of it since.
void forget_mark(State& state);

struct RemoteTakenOver {
  /// From whom, in words; empty: nobody had it but an earlier state of the same profile on the same machine.
  std::string from;
  bool shut_out = true;  ///< that one is refused from now on
};
/// For the commands that say who goes on with a backup: adopt and recover.
RemoteTakenOver take_remote_over(const Profile& profile, const State& state, Remote& remote,
                                 const Environment& environment);

}  // namespace outhaul
