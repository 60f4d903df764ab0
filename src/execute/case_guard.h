// Servers that take "A" and "a" for one name (pain 18).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "execute/connections.h"
#include "execute/publisher.h"

namespace outhaul {

/// Sees to it that no name is stored over another one that only its case tells from it. On such a server one
/// of two files would go and the state would call both stored.
class CaseGuard {
 public:
  /// `sensitive`: what is known of the server.
  CaseGuard(const Job& job, JobId job_id, State& state, Tally& tally, Connections& connections,
            std::optional<bool> sensitive)
      : job_(job),
        job_id_(job_id),
        state_(state),
        tally_(tally),
        connections_(connections),
        sensitive_(sensitive) {}

  /// The plan without what can't be stored, which goes to the tally by name, and without the removal of what
  /// may be the same file under its old name; what takes a name that something
  /// leaves in this plan waits for the removals. Nothing when the plan is good as it is. The server is asked
  /// only when names differ in their case alone and nobody knows what it makes of that.
  std::optional<Plan> adapt(const Plan& plan);

  /// What must have left the remote before `path` may take its name; null when nothing must.
  const RelPath* waits_for(const RelPath& path) const;
  std::optional<bool> sensitive() const noexcept { return sensitive_; }

 private:
  void probe();

  const Job& job_;
  JobId job_id_;
  State& state_;
  Tally& tally_;
  Connections& connections_;
  std::optional<bool> sensitive_;
  std::map<std::string, RelPath, std::less<>> waits_;
};

}  // namespace outhaul
