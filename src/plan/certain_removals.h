// Which removals need not wait for what is still to be stored. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/digest.h"
#include "outhaul/paths.h"
#include "outhaul/plan.h"

namespace outhaul {

/// Files of the plan that leave the remote for good, and so make room: in the plan's order.
std::vector<const Action*> removals_of(const Plan& plan);

/// Files of the plan that are not stored yet, or will not be: each may be the new name of something that is
/// removed.
std::vector<const Action*> unstored_files_of(const Plan& plan);

/// Asked only when sizes don't tell. Unset: nobody knows.
struct ContentDigests {
  std::function<std::optional<Sha256Digest>(const Action& removal)> stored;
  std::function<std::optional<Sha256Digest>(const Action& unstored)> local;
};

/// Of `removals`, in their order, those whose content no file of `unstored` can have: the others may be the
/// only copy of a file that has a new name and isn't stored under it yet. What lies where a file of
/// `unstored` is to stand isn't certain either: it stays until that one is there.
std::vector<const Action*> certain_removals(std::span<const Action* const> removals,
                                            std::span<const Action* const> unstored,
                                            const ContentDigests& digests);

/// How many removals a run puts off when none of `failing` can be stored: they lie in a directory in or below which
/// something fails. Only those of `failing` count that the plan would store again.
std::uint64_t removals_beside(const Plan& plan, std::span<const RelPath> failing);

}  // namespace outhaul
