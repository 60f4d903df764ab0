// Carries a plan out over lanes and the command channel.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "execute/case_guard.h"
#include "execute/certainty.h"
#include "execute/name_probe.h"
#include "lanes/backoff.h"
#include "lanes/connection_policy.h"
#include "lanes/throttle.h"
#include "outhaul/events.h"
#include "outhaul/guard.h"
#include "outhaul/profile.h"
#include "outhaul/remote.h"
#include "outhaul/report.h"
#include "plan/space.h"
#include "state/state.h"

namespace outhaul {

/// A crashed run left something in the state of which nobody knows whether it was carried out.
bool needs_settling(const State& state, JobId job);

class Executor {
 public:
  /// Everything is borrowed. Only the calling thread touches `state`; `events` is told from every thread.
  Executor(Remote& remote, State& state, EventSink& events, Clock& clock, const CancelToken& cancel,
           int connections, const RetryPolicy& policy, const ConnectionPolicy& connection_policy = {},
           const std::vector<BandwidthRule>& bandwidth = {});

  /// Brings publications that a crashed run left half done to their end, and looks up what it did beside
  /// them, so that the state is right before it is compared with the source. Touches the network only when
  /// needs_settling(). Returns problems like execute().
  JobReport settle(const Job& job, JobId job_id, RunId run);

  /// Carries `plan` out and returns what became of it: counters, problems, outcome (done, incomplete,
  /// remote_unusable; a cancelled one that met no failure before is `interrupted`, and the caller knows the
  /// better word). Cleans up parts that an earlier run left and this plan doesn't continue. Throws
  /// Error{source} when the source can't be opened; every other failure is a problem in the report, also that
  /// the state can't be written: what was done and recorded until then is counted.
  JobReport execute(const Job& job, JobId job_id, RunId run, const Plan& plan);

  /// Deletes the versions that no snapshot needs any more, but for those that may be the only copy of what a
  /// problem is about. Returns problems like execute(): what could not be deleted is tried again by the next
  /// run.
  JobReport expire(const Job& job, JobId job_id, RunId run, const std::vector<OpenProblem>& problems);

  /// Asks the server which names of these kinds it keeps; `found` gets what could be told. Returns problems
  /// like execute().
  JobReport probe_names(const Job& job, const OddNames& kinds, NameProbe& found);

  /// What the uploads of a job's first plan would replace; see find_taken_names(). Returns problems like
  /// execute().
  JobReport find_taken_names(const Job& job, const Plan& plan, TakenNames& found);

  /// How execute() deals with a remote that may not have room for the uploads.
  struct Room {
    GoesFirst first;  ///< decided already
    /// Asked before the first byte of a plan that uploads, where the server says how many bytes it has left:
    /// what goes first by that. A refusal ends the job there, and is in the report. Empty: nobody asks.
    /// `most`: the largest file that could ever be stored by that; larger ones are left aside.
    std::function<SpaceVerdict(std::uint64_t free, std::uint64_t most)> judge;
    /// Forgets what retention lets go anyhow, and tells it. False when it may not, or when there is nothing.
    std::function<bool()> let_versions_go;
    Certainty* certainty = nullptr;  ///< the plan's job's; null: execute() makes its own
    std::function<std::uint64_t()>
        ours;                     ///< with judge: bytes of the whole profile on the remote, with parts
    std::uint64_t reserve = 0;    ///< to be left for the catalog on a remote that turns out to be full
    bool smallest_first = false;  ///< the remote was full last time
  };
  void set_room(Room room) { room_ = std::move(room); }
  /// Whether execute() left something unsent because it didn't fit.
  bool ran_out_of_space() const noexcept { return ran_out_of_space_; }

  /// The profile's, for removals that the plan didn't foresee.
  void set_max_delete(std::optional<Limit> limit) noexcept { max_delete_ = limit; }

  /// What the server makes of names: what is known before execute(), and what is known after it.
  void set_known_names(const CaseGuard::Known& known) { known_names_ = known; }
  const CaseGuard::Known& known_names() const noexcept { return known_names_; }

  /// What execute() saw of the server's limit on connections.
  const ConnectionUse& connections_seen() const noexcept { return connections_seen_; }

 private:
  JobReport ask(const Job& job, const std::function<void(Commands&)>& questions);

  Remote& remote_;
  State& state_;
  EventSink& events_;
  Clock& clock_;
  const CancelToken& cancel_;
  int connections_;
  RetryPolicy policy_;
  ConnectionPolicy connection_policy_;
  ConnectionUse connections_seen_;
  CaseGuard::Known known_names_;
  Room room_;
  bool ran_out_of_space_ = false;
  std::optional<Limit> max_delete_;
  std::optional<Throttle> throttle_;
};

}  // namespace outhaul
