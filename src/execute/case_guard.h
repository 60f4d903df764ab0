// Servers that take "A" and "a" for one name (pain 18), or two names that they don't keep as they are sent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "execute/connections.h"
#include "execute/publisher.h"
#include "outhaul/odd_names.h"
#include "plan/case_twins.h"

namespace outhaul {

/// Sees to it that no name is stored over another one that the server takes for the same. One of two files
/// would go and the state would call both stored.
class CaseGuard {
 public:
  struct Known {
    std::optional<bool> case_sensitive;
    OddNames kept, lost;  ///< kinds of names that the server keeps, and doesn't keep
  };
  CaseGuard(const Job& job, JobId job_id, State& state, Tally& tally, Connections& connections,
            const Known& known)
      : job_(job), job_id_(job_id), state_(state), tally_(tally), connections_(connections), known_(known) {}

  /// The plan without what can't be stored, which goes to the tally by name, and without the removal of what
  /// may be the same file under its old name; what takes a name that something
  /// leaves in this plan waits for the removals. Nothing when the plan is good as it is. The server is asked
  /// only when names differ in nothing else than what nobody knows it to keep.
  std::optional<Plan> adapt(const Plan& plan);

  /// What must have left the remote before `path` may take its name; null when nothing must.
  const RelPath* waits_for(const RelPath& path) const;
  /// What is known by now.
  const Known& known() const noexcept { return known_; }

 private:
  std::vector<CaseTwin> find_twins(const Plan& plan);
  std::vector<CaseTwin> find_twins(const Plan& plan, const NameFold& fold);
  std::string why(const RelPath& path, const RelPath& other) const;
  void probe();

  const Job& job_;
  JobId job_id_;
  State& state_;
  Tally& tally_;
  Connections& connections_;
  Known known_;
  std::map<std::string, RelPath, std::less<>> waits_;
};

}  // namespace outhaul
