#include "plan/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

std::int64_t as_signed(std::uint64_t bytes) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::int64_t>::max()));
}

GuardRefusal refusal(std::string message, std::string_view mend, const PlanApproval& approval) {
  return {Guard::no_space, std::move(message),
          fmt::format("{}; or let exactly this plan try with {}", mend, approval.how), true};
}

std::uint64_t less(std::uint64_t from, std::uint64_t what) noexcept {
  return from - std::min(from, what);
}

std::string even_so(std::uint64_t freed) {
  return freed == 0 ? std::string() : fmt::format(", although {} would go first", space_in_words(freed));
}

/// "70 GB in the tree, 8 GB of versions"
std::string parts_of(const SpaceUse& use) {
  std::string text = space_in_words(use.tree) + " in the tree";
  if (use.versions > 0) text += fmt::format(", {} of versions", space_in_words(use.versions));
  if (use.kept > 0) text += fmt::format(", {} kept after their removal", space_in_words(use.kept));
  if (use.catalog > 0) text += fmt::format(", {} of catalog", space_in_words(use.catalog));
  return text;
}

}  // namespace

std::string space_in_words(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.2f} {}", value, kUnits[unit]);
}

void SpaceNeed::upload(std::uint64_t size, std::uint64_t freed, std::uint64_t there) noexcept {
  now_ = clamped_sum(now_, as_signed(size));
  peak_ = std::max(peak_, static_cast<std::uint64_t>(std::max<std::int64_t>(now_, 0)));
  now_ = clamped_difference(now_, as_signed(freed));
  there_ = clamped_sum(there_, std::min(there, size));
}

SpaceNeed SpaceNeed::with(std::uint64_t reserve) const noexcept {
  SpaceNeed more = *this;
  if (more.peak_ > 0) more.peak_ = clamped_sum(more.peak_, reserve);
  return more;
}

std::optional<GuardRefusal> over_quota(const SpaceUse& use, const SpaceNeed& need, std::uint64_t quota,
                                       std::uint64_t freed, const PlanApproval& approval) {
  const std::uint64_t together = less(clamped_sum(use.all(), need.peak()), freed);
  if (need.peak() == 0 || together <= quota) return std::nullopt;
  return refusal(
      fmt::format(
          "the uploads don't fit: {} are on the remote ({}), they add up to {} more, and \"quota\" is {} "
          "({} too much{})",
          space_in_words(use.all()), parts_of(use), space_in_words(need.peak()), space_in_words(quota),
          space_in_words(together - quota), even_so(freed)),
      "keep fewer versions, exclude what isn't needed, or buy space and raise \"quota\"", approval);
}

std::optional<GuardRefusal> over_free_space(std::uint64_t free, const SpaceNeed& need, std::uint64_t freed,
                                            const PlanApproval& approval) {
  const std::uint64_t wanted = less(need.peak(), need.there());
  if (less(wanted, freed) <= free) return std::nullopt;
  return refusal(
      fmt::format("the uploads don't fit: they need {} more, and the remote says that {} are free{}",
                  space_in_words(wanted), space_in_words(free), even_so(freed)),
      "make room there, keep fewer versions, or, if what the server says is not to be believed, set "
      "\"quota\" to \"off\"",
      approval);
}

SpaceVerdict decide_space(const SpaceQuestion& question) {
  const auto fits = [&](std::uint64_t freed) { return !question.too_much(freed, question.reserve); };
  SpaceVerdict verdict;
  if (fits(0)) return verdict;
  const std::uint64_t removals = question.removals();
  verdict.first.removals = removals > 0;
  if (removals > 0 && fits(removals)) return verdict;
  const std::uint64_t versions = question.versions();
  verdict.first.versions = versions > 0;
  if (!question.approved) verdict.refusal = question.too_much(clamped_sum(removals, versions), 0);
  if (verdict.refusal) verdict.first = {};
  return verdict;
}

}  // namespace outhaul
