// Guards: pure checks that refuse a whole job before its first byte.
#pragma once

#include <string>
#include <vector>

#include "outhaul/plan.h"
#include "outhaul/policy.h"

namespace outhaul {

enum class Guard : std::uint8_t { missing_source, empty_source, missing_marker, mass_deletion };
std::string_view to_string(Guard) noexcept;   ///< "missing_source", …

/// What was seen of the source, gathered by the job before the plan is judged.
struct SourceFacts {
  std::string source;                          ///< as the profile names it, for messages
  bool exists = true;
  std::vector<std::string> missing_markers;    ///< of GuardPolicy::require
};

struct GuardRefusal {
  Guard guard{};
  std::string message;   ///< which limit, by how much
  std::string advice;    ///< how to approve exactly this plan, or what to mend
  bool approvable = false;
};

/// Every guard that refuses, gravest first; empty when the plan may be carried out. `approved` holds the plan ids given
/// with --approve; an id lets mass_deletion and empty_source through for exactly that plan, never missing_source or
/// missing_marker. Pure.
std::vector<GuardRefusal> judge(const Plan& plan, const SourceFacts& facts, const GuardPolicy& policy,
                                const std::vector<std::string>& approved);

}  // namespace outhaul
