// Compares what the remote holds with what the state says of it, and reads back what is asked for.
#pragma once

#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "lanes/backoff.h"
#include "outhaul/events.h"
#include "outhaul/profile.h"
#include "outhaul/remote.h"
#include "outhaul/verify.h"
#include "state/state.h"
#include "verify/reading.h"

namespace outhaul {

/// A job of the profile that the state knows.
struct VerifyJob {
  std::string name;
  JobScope scope;
};

struct VerifyOptions {
  ReadChoice read;
  /// Whether what is found wrong is written into the state. False: only told.
  bool record = true;
  /// All of the profile's jobs are given: what is unknown among the versions is foreign then.
  bool all_jobs = true;
  GuardPolicy safety;                 ///< its max_delete bounds what is recorded unasked
  std::vector<std::string> approved;  ///< VerifyReport::approval of what may be recorded all the same
};

/// What it works with; everything is borrowed. Only the calling thread touches `state`.
struct VerifyContext {
  State& state;
  Remote& remote;
  EventSink& events;
  Clock& clock;
  const CancelToken& cancel;
  int connections = 1;  ///< at a time
  RetryPolicy retry;
  std::vector<BandwidthRule> bandwidth;
  /// A file of outhaul's own that is on every remote that is the state's: where even the base directory can't be
  /// listed, it shows whether that is there. Empty: nothing is concluded then.
  RemotePath mark{};
};

/// Lists every directory that the state knows of `jobs`, over up to `connections` lanes, a few at a time:
/// memory is that of some directories, however large the tree. What a listing doesn't settle is asked for by
/// SIZE, in batches. Then reads back what `options.read` chooses.
///
/// In the end what is missing, has another size or, fetched twice, another SHA-256 is recorded, in one
/// transaction of a run of its own: live files lose their objects and are sent again by the next run, missing
/// directories are forgotten and made again, versions and kept files are gone. Nothing is recorded that
/// nobody can tell, nor anything of a comparison that was cut short, nor more than `safety` lets through.
/// What was read back and right stays recorded whatever comes after it.
///
/// Outcome: done when all is proven, incomplete when something is wrong or can't be proven (foreign files are
/// neither), guard_refused, remote_unusable, or interrupted when `cancel` fired (the caller knows the better
/// word). The caller holds the state's lock and has settled what a crashed run left. Throws Error{state} or
/// Error{local_io} when the state can't be written, and Error of what opening the remote throws.
VerifyReport verify_objects(const VerifyContext& context, const std::vector<VerifyJob>& jobs,
                            const VerifyOptions& options, ConnectionUse* seen = nullptr);

}  // namespace outhaul
