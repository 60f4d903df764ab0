// Moves that ended with an upload.
#pragma once

#include <vector>

#include "outhaul/plan.h"
#include "state/state.h"

namespace outhaul {

struct LeftBehind {
  std::vector<const Action*> moves;
  /// To the server the old name may be the new one: they differ in upper and lower case, or in letters that
  /// not every server keeps apart. What is removed under the old name could be the new copy.
  std::vector<const Action*> under_one_name;
};

/// A file that was to be renamed on the remote may have been sent under its new name instead: its content was
/// another one after all, or the server refused the rename. What still stands under the old name has left the
/// source like anything else that is removed there. Nothing for files that aren't stored under their new
/// names yet, and nothing where the plan has put something else at the old name. `second_pass`: only moves
/// that waited for the removals; else only the others.
LeftBehind left_behind(const Plan& plan, const State& state, JobId job, bool second_pass);

/// Whether a server could take the two for one name. Pure.
bool may_be_one_name(const RelPath& a, const RelPath& b);

}  // namespace outhaul
