// Which removals may go ahead of files that are still to be stored: sizes tell, and where they don't,
// contents.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "execute/source_tree.h"
#include "outhaul/plan.h"
#include "outhaul/profile.h"
#include "state/state.h"

namespace outhaul {

/// Of one job. Each file is read once at most, however often it is asked about. Everything is borrowed; job
/// thread only.
class Certainty {
 public:
  Certainty(const Job& job, const State& state, const CancelToken& cancel)
      : job_(job), state_(state), cancel_(cancel) {}

  /// See plan/certain_removals.h. A file that can't be read, or not to its end because of `cancel`, may hold
  /// anything.
  std::vector<const Action*> certain(std::span<const Action* const> removals,
                                     std::span<const Action* const> unstored);

 private:
  std::optional<Sha256Digest> digest_of(const Entry& scanned);
  std::optional<Sha256Digest> read(const Entry& scanned);

  const Job& job_;
  const State& state_;
  const CancelToken& cancel_;
  std::optional<SourceTree> source_;  ///< opened when the first file is read
  std::map<std::string, std::optional<Sha256Digest>, std::less<>> digests_;
};

}  // namespace outhaul
