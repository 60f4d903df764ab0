// Names that differ, but that a server may take for one. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "outhaul/entry.h"
#include "outhaul/names.h"
#include "outhaul/plan.h"

namespace outhaul {

/// A new name of a plan, and the name that a server would take it for that knows no upper and lower case
/// (pain 18), or doesn't keep all that is in names.
struct CaseTwin {
  std::size_t action = 0;  ///< of the plan: makes a directory, uploads, or moves to the new name
  RelPath other;  ///< what is stored, or another new name of the plan, which comes first in byte order
  /// `other` leaves its name in this very plan: the new name is free after that.
  bool leaves = false;
};

/// Whether the plan makes anything under a name that the state doesn't have.
bool makes_new_names(const Plan& plan) noexcept;

/// The kinds of odd names among the new names of the plan, as they are sent.
OddNames odd_new_names(const Plan& plan, const NameRules& rules);

/// Compares remote names, folded. `stored`: the state's entries of the job, in order; may be
/// null. What the plan does under a name that the state has already is not new. A directory that takes the
/// place of one that leaves is no twin, nor is a file that is moved onto its own name in other letters.
std::vector<CaseTwin> find_case_twins(const Plan& plan, EntryStream* stored, const RemotePath& target,
                                      const NameRules& rules, const NameFold& fold = {true, {}});

}  // namespace outhaul
