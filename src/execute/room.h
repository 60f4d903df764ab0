// Makes room on a remote that is full, or will be: what goes anyhow goes ahead of its turn.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "execute/certainty.h"
#include "execute/publisher.h"
#include "execute/transfers.h"
#include "plan/space.h"

namespace outhaul {

/// Of one job's execution. Job thread only.
class RoomMaker {
 public:
  struct Context {
    std::function<JobContext()> job;  ///< connects
    const Plan& plan;
    Transfers& transfers;
    Certainty& certainty;
    /// Forgets what retention lets go anyhow, and tells it; false when nothing may go. May be empty.
    const std::function<bool()>& let_versions_go;
    const CancelToken& cancel;
  };
  explicit RoomMaker(const Context& context) : context_(context) {}

  /// Parts that nothing continues, and what `first` says, go now. About how many bytes that were: 0 when
  /// there is nothing more to go.
  std::uint64_t make(const GoesFirst& first);

  /// The plan's removals that are still to be made.
  std::vector<const Action*> removals_left() const;
  /// Of removals or retirements those that nothing forbids for which there is no room: want of space is no
  /// doubt about what is surely something else. The others are told, and count as failed.
  std::vector<const Action*> without_doubt(const std::vector<const Action*>& leaving);

 private:
  std::uint64_t remove_certain_ones();
  std::uint64_t expire_versions();

  Context context_;
  std::set<ObjectId> attempted_;
  bool expired_ = false;
};

}  // namespace outhaul
