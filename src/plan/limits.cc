#include "plan/limits.h"

#include <fmt/format.h>

#include "outhaul/counted.h"

namespace outhaul {
namespace {

constexpr Limit kDefaultShare{50.0, std::nullopt};
constexpr Limit kDefaultCount{std::nullopt, 1000};
constexpr std::uint64_t kDefaultFloor = 10;
constexpr Limit kDefaultChange{60.0, std::nullopt};
constexpr std::uint64_t kChangeFloor = 100;

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

bool says_something(const std::optional<Limit>& limit) noexcept {
  return limit && (limit->percent || limit->count);
}

/// One decimal, except where that would hide by how much ("50.0 % of 50 %").
std::string percent(double value) {
  const std::string short_form = fmt::format("{:.1f}", value);
  return short_form.ends_with(".0") && value != static_cast<double>(static_cast<std::uint64_t>(value))
             ? fmt::format("{:.3f} %", value)
             : fmt::format("{} %", short_form);
}

}  // namespace

std::string share_in_words(std::uint64_t count, std::uint64_t whole) {
  return fmt::format("{} of {} ({})", grouped(count), counted(whole, "file"),
                     percent(share_of(count, whole)));
}

bool exceeds(const Limit& limit, std::uint64_t count, std::uint64_t whole) noexcept {
  const bool by_share =
      limit.percent && 100.0 * static_cast<double>(count) > *limit.percent * static_cast<double>(whole);
  return by_share || (limit.count && count > *limit.count);
}

std::string limit_in_words(const Limit& limit, std::uint64_t count, std::uint64_t whole) {
  if (limit.percent && exceeds({limit.percent, std::nullopt}, count, whole))
    return fmt::format("{} %", *limit.percent);
  return counted(*limit.count, "file");
}

std::optional<Limit> exceeded_deletion_limit(const std::optional<Limit>& max_delete, std::uint64_t count,
                                             std::uint64_t stored) {
  if (says_something(max_delete)) return exceeds(*max_delete, count, stored) ? max_delete : std::nullopt;
  if (count <= kDefaultFloor) return std::nullopt;
  for (const Limit& limit : {kDefaultShare, kDefaultCount})
    if (exceeds(limit, count, stored)) return limit;
  return std::nullopt;
}

std::optional<Limit> exceeded_change_limit(const std::optional<Limit>& max_change, std::uint64_t count,
                                           std::uint64_t stored) {
  if (says_something(max_change)) return exceeds(*max_change, count, stored) ? max_change : std::nullopt;
  const bool over = count > kChangeFloor && exceeds(kDefaultChange, count, stored);
  return over ? std::optional(kDefaultChange) : std::nullopt;
}

PlanApproval approval_of(const std::string& plan_id, const GuardPolicy& policy,
                         const std::vector<std::string>& approved) {
  return {fmt::format("{}--approve {}`", policy.one_shot ? "the same command and `" : "`outhaul run PROFILE ",
                      plan_id),
          !plan_id.empty() && std::find(approved.begin(), approved.end(), plan_id) != approved.end()};
}

}  // namespace outhaul
