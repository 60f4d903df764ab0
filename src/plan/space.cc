#include "plan/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/nanoseconds.h"

namespace outhaul {
namespace {

/// "20.25 GB": units of 1000, as providers sell them.
std::string in_words(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.2f} {}", value, kUnits[unit]);
}

std::int64_t as_signed(std::uint64_t bytes) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::int64_t>::max()));
}

bool is_approved(const std::string& plan_id, const std::vector<std::string>& approved) {
  return !plan_id.empty() && std::ranges::find(approved, plan_id) != approved.end();
}

GuardRefusal refusal(std::string message, std::string_view mend, const std::string& plan_id) {
  return {
      Guard::no_space, std::move(message),
      fmt::format("{}; or let exactly this plan try with `outhaul run PROFILE --approve {}`", mend, plan_id),
      true};
}

/// "70 GB in the tree, 8 GB of versions"
std::string parts_of(const SpaceUse& use) {
  std::string text = in_words(use.tree) + " in the tree";
  if (use.versions > 0) text += fmt::format(", {} of versions", in_words(use.versions));
  if (use.kept > 0) text += fmt::format(", {} kept after their removal", in_words(use.kept));
  if (use.catalog > 0) text += fmt::format(", {} of catalog", in_words(use.catalog));
  return text;
}

}  // namespace

void SpaceNeed::upload(std::uint64_t size, std::uint64_t freed, std::uint64_t there) noexcept {
  now_ = clamped_sum(now_, as_signed(size));
  peak_ = std::max(peak_, static_cast<std::uint64_t>(std::max<std::int64_t>(now_, 0)));
  now_ = clamped_difference(now_, as_signed(freed));
  there_ = clamped_sum(there_, std::min(there, size));
}

std::optional<GuardRefusal> over_quota(const SpaceUse& use, const SpaceNeed& need, std::uint64_t quota,
                                       const std::string& plan_id, const std::vector<std::string>& approved) {
  const std::uint64_t together = clamped_sum(use.all(), need.peak());
  if (need.peak() == 0 || together <= quota || is_approved(plan_id, approved)) return std::nullopt;
  return refusal(
      fmt::format(
          "the uploads don't fit: {} are on the remote ({}), they add up to {} more, and \"quota\" is {} "
          "({} too much)",
          in_words(use.all()), parts_of(use), in_words(need.peak()), in_words(quota),
          in_words(together - quota)),
      "keep fewer versions, exclude what isn't needed, or buy space and raise \"quota\"", plan_id);
}

std::optional<GuardRefusal> over_free_space(std::uint64_t free, const SpaceNeed& need,
                                            const std::string& plan_id,
                                            const std::vector<std::string>& approved) {
  const std::uint64_t wanted = need.peak() - std::min(need.peak(), need.there());
  if (wanted <= free || is_approved(plan_id, approved)) return std::nullopt;
  return refusal(
      fmt::format("the uploads don't fit: they need {} more, and the remote says that {} are free",
                  in_words(wanted), in_words(free)),
      "make room there, keep fewer versions, or, if what the server says is not to be believed, set "
      "\"quota\" to \"off\"",
      plan_id);
}

}  // namespace outhaul
