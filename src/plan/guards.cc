#include "outhaul/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace outhaul {
namespace {

constexpr Limit kDefaultShare{50.0, std::nullopt};
constexpr Limit kDefaultCount{std::nullopt, 1000};
constexpr std::uint64_t kDefaultFloor = 10;
constexpr std::size_t kMarkersInMessage = 5;

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string_view files(std::uint64_t count) {
  return count == 1 ? "file" : "files";
}

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// One decimal, except where that would hide by how much ("50.0 % of 50 %").
std::string percent(double value) {
  const std::string short_form = fmt::format("{:.1f}", value);
  return short_form.ends_with(".0") && value != static_cast<double>(static_cast<std::uint64_t>(value))
             ? fmt::format("{:.3f} %", value)
             : fmt::format("{} %", short_form);
}

std::string approval(const Plan& plan, std::string_view mend) {
  return fmt::format(
      "{}; look at `outhaul plan PROFILE`, and if it is right, let exactly this plan through with "
      "`outhaul run PROFILE --approve {}`",
      mend, plan.id);
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

std::optional<GuardRefusal> empty_source(const Plan& plan, const SourceFacts& facts) {
  const PlanCounts& counts = plan.counts;
  const bool empty = counts.scanned_files + counts.scanned_dirs + counts.scanned_symlinks == 0;
  if (!facts.exists || !empty || counts.stored_files == 0) return std::nullopt;
  return GuardRefusal{Guard::empty_source,
                      fmt::format("the source {} is empty, but {} {} {} saved from it before",
                                  printable(facts.source), grouped(counts.stored_files),
                                  files(counts.stored_files), counts.stored_files == 1 ? "was" : "were"),
                      approval(plan, "check that it is mounted and that \"exclude\" doesn't take everything"),
                      true};
}

bool exceeds(const Limit& limit, std::uint64_t removed, std::uint64_t stored) {
  const bool by_share =
      limit.percent && 100.0 * static_cast<double>(removed) > *limit.percent * static_cast<double>(stored);
  return by_share || (limit.count && removed > *limit.count);
}

/// The limit in words, of the part that was exceeded.
std::string in_words(const Limit& limit, std::uint64_t removed, std::uint64_t stored) {
  if (limit.percent && exceeds({limit.percent, std::nullopt}, removed, stored))
    return fmt::format("{} %", *limit.percent);
  return fmt::format("{} {}", grouped(*limit.count), files(*limit.count));
}

std::optional<Limit> exceeded_limit(const GuardPolicy& policy, std::uint64_t removed, std::uint64_t stored) {
  const bool configured = policy.max_delete && (policy.max_delete->percent || policy.max_delete->count);
  if (configured) {
    if (exceeds(*policy.max_delete, removed, stored)) return policy.max_delete;
    return std::nullopt;
  }
  if (removed <= kDefaultFloor) return std::nullopt;
  for (const Limit& limit : {kDefaultShare, kDefaultCount})
    if (exceeds(limit, removed, stored)) return limit;
  return std::nullopt;
}

std::optional<GuardRefusal> mass_deletion(const Plan& plan, const SourceFacts& facts,
                                          const GuardPolicy& policy) {
  const std::uint64_t removed = plan.counts.removes + plan.counts.retires;
  const std::uint64_t stored = plan.counts.stored_files;
  const std::optional<Limit> limit = facts.exists ? exceeded_limit(policy, removed, stored) : std::nullopt;
  if (!limit) return std::nullopt;
  return GuardRefusal{Guard::mass_deletion,
                      fmt::format("{} of {} {} ({}) would be {}; the limit is {}", grouped(removed),
                                  grouped(stored), files(stored), percent(share_of(removed, stored)),
                                  plan.counts.retires > plan.counts.removes
                                      ? "taken out of the tree on the remote and kept as versions only"
                                      : "removed from the remote",
                                  in_words(*limit, removed, stored)),
                      approval(plan, "check that nothing is missing from the source"), true};
}

}  // namespace

std::vector<GuardRefusal> judge(const Plan& plan, const SourceFacts& facts, const GuardPolicy& policy,
                                const std::vector<std::string>& approved) {
  const bool plan_approved =
      !plan.id.empty() && std::find(approved.begin(), approved.end(), plan.id) != approved.end();
  std::vector<GuardRefusal> refusals;
  for (auto& refusal : {missing_source(facts), missing_marker(facts), empty_source(plan, facts),
                        mass_deletion(plan, facts, policy)})
    if (refusal && !(refusal->approvable && plan_approved)) refusals.push_back(*refusal);
  return refusals;
}

}  // namespace outhaul
