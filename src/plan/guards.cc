#include "outhaul/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "outhaul/counted.h"
#include "plan/limits.h"
#include "plan/source_mount.h"

namespace outhaul {
namespace {

constexpr std::size_t kMarkersInMessage = 5;

std::string look_and_approve(const Plan& plan, const GuardPolicy& policy, std::string_view mend) {
  return fmt::format("{}; look at {}, and if it is right, let exactly this plan through with {}", mend,
                     policy.one_shot ? "the plan (`--dry-run`)" : "`outhaul plan PROFILE`",
                     approval_of(plan.id, policy, {}).how);
}

std::optional<GuardRefusal> missing_source(const SourceFacts& facts) {
  if (facts.exists) return std::nullopt;
  return GuardRefusal{
      Guard::missing_source,
      fmt::format("the source {} is missing, so nothing is known of what should be on the remote",
                  printable(facts.source)),
      "mount it or correct the job's \"source\"; nothing was changed on the remote", false};
}

std::optional<GuardRefusal> missing_marker(const SourceFacts& facts) {
  if (facts.missing_markers.empty()) return std::nullopt;
  const std::size_t shown = std::min(facts.missing_markers.size(), kMarkersInMessage);
  std::string names;
  for (std::size_t i = 0; i < shown; ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", printable(facts.missing_markers[i]));
  if (const std::size_t more = facts.missing_markers.size() - shown; more > 0)
    names += fmt::format(" and {} more", more);
  return GuardRefusal{
      Guard::missing_marker,
      fmt::format("{} must exist before {} is saved (\"require\" in the profile), but {} not there", names,
                  printable(facts.source), facts.missing_markers.size() == 1 ? "is" : "are"),
      "mount what should hold it, or create it if the source is complete; a plan can't be approved "
      "past this guard",
      false};
}

/// The disk isn't mounted, and the empty mount point or a stale copy below it is seen.
std::optional<GuardRefusal> other_mount(const Plan& plan, const SourceFacts& facts,
                                        const GuardPolicy& policy) {
  if (!facts.exists || !facts.mount || !facts.mount_before) return std::nullopt;
  const SourceMount &now = facts.mount->mount, &before = *facts.mount_before;
  const MountChange change = mount_change(before, *facts.mount);
  if (change == MountChange::none) return std::nullopt;
  const std::string source = printable(facts.source), was = printable(before.point);
  const std::string message =
      change == MountChange::gone
          ? fmt::format(
                "the source {} lay on the {} file system mounted at {}; nothing is mounted there now, "
                "and what is seen lies on the one mounted at {} ({})",
                source, printable(before.type), was, printable(now.point), printable(now.type))
          : fmt::format(
                "the source {} lies on another file system than last time: at {} there was {}, and now "
                "there is {}",
                source, was, printable(before.type),
                before.type == now.type ? "another " + printable(now.type) : printable(now.type));
  return GuardRefusal{
      Guard::other_mount, message,
      look_and_approve(
          plan, policy,
          "mount what belongs there; if the source has moved to this file system for good, that is "
          "remembered once it is approved"),
      true};
}

std::optional<GuardRefusal> empty_source(const Plan& plan, const SourceFacts& facts,
                                         const GuardPolicy& policy) {
  const PlanCounts& counts = plan.counts;
  const bool empty = counts.scanned_files + counts.scanned_dirs + counts.scanned_symlinks == 0;
  if (!facts.exists || !empty || counts.stored_files == 0) return std::nullopt;
  return GuardRefusal{
      Guard::empty_source,
      fmt::format("the source {} is empty, but {} {} saved from it before", printable(facts.source),
                  counted(counts.stored_files, "file"), counts.stored_files == 1 ? "was" : "were"),
      look_and_approve(plan, policy, "check that it is mounted and that \"exclude\" doesn't take everything"),
      true};
}

std::optional<GuardRefusal> mass_deletion(const Plan& plan, const SourceFacts& facts,
                                          const GuardPolicy& policy) {
  const std::uint64_t removed = plan.counts.removes + plan.counts.retires;
  const std::uint64_t stored = plan.counts.stored_files;
  const std::optional<Limit> limit =
      facts.exists ? exceeded_deletion_limit(policy.max_delete, removed, stored) : std::nullopt;
  if (!limit) return std::nullopt;
  return GuardRefusal{Guard::mass_deletion,
                      fmt::format("{} would be {}; the limit is {}", share_in_words(removed, stored),
                                  plan.counts.retires > plan.counts.removes
                                      ? "taken out of the tree on the remote and kept as versions only"
                                      : "removed from the remote",
                                  limit_in_words(*limit, removed, stored)),
                      look_and_approve(plan, policy, "check that nothing is missing from the source"), true};
}

/// Ransomware rewrites what it finds; so does a slip with sed.
std::optional<GuardRefusal> mass_change(const Plan& plan, const SourceFacts& facts,
                                        const GuardPolicy& policy) {
  const std::uint64_t changed = plan.counts.replaces, stored = plan.counts.stored_files;
  const std::optional<Limit> limit =
      facts.exists ? exceeded_change_limit(policy.max_change, changed, stored) : std::nullopt;
  if (!limit) return std::nullopt;
  return GuardRefusal{
      Guard::mass_change,
      fmt::format("{} changed content since the last run; the limit is {}", share_in_words(changed, stored),
                  limit_in_words(*limit, changed, stored)),
      look_and_approve(
          plan, policy,
          "open some of them: if they can't be read any more, something has rewritten or encrypted "
          "them, so save what the remote holds first (`outhaul restore`)"),
      true};
}

}  // namespace

std::vector<GuardRefusal> judge(const Plan& plan, const SourceFacts& facts, const GuardPolicy& policy,
                                const std::vector<std::string>& approved) {
  const bool plan_approved = approval_of(plan.id, policy, approved).given;
  std::vector<GuardRefusal> refusals;
  for (auto& refusal : {missing_source(facts), missing_marker(facts), other_mount(plan, facts, policy),
                        empty_source(plan, facts, policy), mass_deletion(plan, facts, policy),
                        mass_change(plan, facts, policy)})
    if (refusal && !(refusal->approvable && plan_approved)) refusals.push_back(*refusal);
  return refusals;
}

std::optional<GuardRefusal> judge_loss(std::uint64_t lost, std::uint64_t stored, const GuardPolicy& policy,
                                       const std::string& approval,
                                       const std::vector<std::string>& approved) {
  const std::optional<Limit> limit = exceeded_deletion_limit(policy.max_delete, lost, stored);
  if (!limit || std::find(approved.begin(), approved.end(), approval) != approved.end()) return std::nullopt;
  return GuardRefusal{
      Guard::mass_loss,
      fmt::format("{} seem to be lost on the remote; the limit for sending so many again unasked is {}",
                  share_in_words(lost, stored), limit_in_words(*limit, lost, stored)),
      fmt::format("check that the server shows the right directory and that its disk is mounted; if they are "
                  "lost indeed, have the next run send them again with `outhaul verify PROFILE --approve {}`",
                  approval),
      true};
}

std::optional<GuardRefusal> judge_taken_names(const TakenNames& taken, const Plan& plan,
                                              const GuardPolicy& policy,
                                              const std::vector<std::string>& approved) {
  const PlanApproval approval = approval_of(plan.id, policy, approved);
  if (taken.count == 0 || policy.overwrite || approval.given) return std::nullopt;
  constexpr std::size_t kShown = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(taken.some.size(), kShown); ++i)
    names += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(taken.some[i].wire()));
  const std::string place =
      taken.target.empty() ? "the remote directory" : fmt::format("\"{}\"", printable(taken.target.wire()));
  const std::string mend =
      policy.one_shot
          ? "to have them replaced, say --overwrite; or give another URL"
          : fmt::format(
                "if they are a copy of this source, take it over with `outhaul adopt PROFILE --job JOB`, "
                "which sends "
                "only what differs; if they may be replaced, let exactly these be replaced with {}; or give "
                "the job another \"target\"",
                approval.how);
  return GuardRefusal{
      Guard::taken_names,
      fmt::format("{} already holds {} that this job would replace and that no run of it has stored: {}{}",
                  place, counted(taken.count, "file"), names, taken.count > kShown ? ", …" : ""),
      mend, true};
}

std::optional<GuardRefusal> judge_foreign(std::uint64_t count, std::uint64_t there, const GuardPolicy& policy,
                                          const std::string& approval,
                                          const std::vector<std::string>& approved) {
  const std::optional<Limit> limit = exceeded_deletion_limit(policy.max_delete, count, there);
  if (!limit || std::find(approved.begin(), approved.end(), approval) != approved.end()) return std::nullopt;
  return GuardRefusal{
      Guard::mass_deletion,
      fmt::format("{} on the remote are not in the source and would be deleted; the limit is {}",
                  share_in_words(count, there), limit_in_words(*limit, count, there)),
      fmt::format(
          "look at `outhaul adopt PROFILE --dry-run`; if they may go, delete exactly these with `outhaul "
          "adopt PROFILE --approve {}`, or set \"foreign\" to \"keep\"",
          approval),
      true};
}

}  // namespace outhaul
