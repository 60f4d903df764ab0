// Guards: pure checks that refuse a whole job before its first byte.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "outhaul/paths.h"
#include "outhaul/plan.h"
#include "outhaul/policy.h"

namespace outhaul {

enum class Guard : std::uint8_t {
  missing_source,
  empty_source,
  missing_marker,
  mass_deletion,
  mass_loss,
  mass_change,
  other_mount,
  no_space,
  foreign_remote,
  lost_mark,
  taken_names
};
std::string_view to_string(Guard) noexcept;  ///< "missing_source", …

/// What a source lies on: the mount that its directory belongs to.
struct SourceMount {
  std::string point;  ///< where it is mounted
  std::string type;   ///< "ext4"
  std::uint64_t fsid = 0;
  friend bool operator==(const SourceMount&, const SourceMount&) = default;
};

struct SeenMount {
  SourceMount mount;
  std::vector<std::string> points;  ///< wherever something is mounted now
};

/// What was seen of the source, gathered by the job before the plan is judged.
struct SourceFacts {
  std::string source;  ///< as the profile names it, for messages
  bool exists = true;
  std::vector<std::string> missing_markers;   ///< of GuardPolicy::require
  std::optional<SeenMount> mount{};           ///< unset: nobody knows, and other_mount is silent
  std::optional<SourceMount> mount_before{};  ///< in the last run that was let through
};

struct GuardRefusal {
  Guard guard{};
  std::string message;  ///< which limit, by how much
  std::string advice;   ///< how to approve exactly this plan, or what to mend
  bool approvable = false;
};

/// Every guard that refuses, gravest first (missing_source, missing_marker, other_mount, empty_source,
/// mass_deletion, mass_change); empty when the plan may be carried out. `approved` holds the plan ids given
/// with --approve; an id lets mass_deletion, mass_change, empty_source and other_mount through for exactly
/// that plan, never missing_source or missing_marker. Pure.
///
/// mass_deletion counts the files whose copies would leave the tree on the remote (ActionKind::remove and
/// retire) against PlanCounts::stored_files. Versions are counted alike: a source that lost its files is just
/// as wrong, its tree would be gone from the remote, and retention would delete the versions in the end. A
/// move is no removal, and neither is what `keep` forgets. Without GuardPolicy::max_delete: more than 50 % or
/// more than 1000, and only when more than 10 would go. A limit that the profile sets is taken at its word,
/// without that floor: "0%" and 0 mean that nothing may go unasked. On a small tree a percentage says little;
/// a count serves better there.
///
/// mass_change counts the stored files whose content is about to be replaced (PlanCounts::replaces) against
/// stored_files: an upload that follows a new size or time. A compare doesn't count, because ctime and inode
/// move for a chmod or a restored tree too, and neither does what is sent again because it was lost. Without
/// GuardPolicy::max_change: more than 60 %, and only when more than 100 files changed, because a directory of
/// nightly dumps is new every night. A limit of the profile is taken at its word.
///
/// empty_source: the scan saw no entry at all while the state holds files; with
/// `keep` too, because the state would forget them all. missing_source silences both: without a source, they
/// would only repeat it.
std::vector<GuardRefusal> judge(const Plan& plan, const SourceFacts& facts, const GuardPolicy& policy,
                                const std::vector<std::string>& approved);

/// foreign_remote and lost_mark come from the remote, not from a plan: see catalog/owner.h, job/ownership.h.
///
/// mass_loss: what a verification found missing or damaged would make the next run send it again. More of it
/// than max_delete allows (its defaults too) is not recorded unasked: a server whose disk isn't mounted looks
/// like one that lost everything. `approval` identifies what was found. Pure.
std::optional<GuardRefusal> judge_loss(std::uint64_t lost, std::uint64_t stored, const GuardPolicy& policy,
                                       const std::string& approval, const std::vector<std::string>& approved);

/// What stands on the remote where a job begins, under names that its plan would take.
struct TakenNames {
  RemotePath target;
  std::uint64_t count = 0;       ///< files that would be replaced; perhaps not all
  std::vector<RemotePath> some;  ///< their names
};

/// taken_names: nobody has told outhaul that these files are its own, and without versions of them the plan
/// would destroy them. `plan.id` stands for what is approved. Pure.
std::optional<GuardRefusal> judge_taken_names(const TakenNames& taken, const Plan& plan,
                                              const GuardPolicy& policy,
                                              const std::vector<std::string>& approved);

/// mass_deletion of what an adoption finds foreign: `count` of `there` files below the target would go.
/// `approval` identifies them. Pure.
std::optional<GuardRefusal> judge_foreign(std::uint64_t count, std::uint64_t there, const GuardPolicy& policy,
                                          const std::string& approval,
                                          const std::vector<std::string>& approved);

}  // namespace outhaul
