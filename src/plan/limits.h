// Limits of the guards, and how a person is told of them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outhaul/policy.h"

namespace outhaul {

/// True when `count` of `whole` is more than the limit allows.
bool exceeds(const Limit& limit, std::uint64_t count, std::uint64_t whole) noexcept;
/// The limit for what leaves the remote that `count` of `stored` files exceed: the profile's max_delete, or
/// else more than 50 % or more than 1000, and only over 10.
std::optional<Limit> exceeded_deletion_limit(const std::optional<Limit>& max_delete, std::uint64_t count,
                                             std::uint64_t stored);

/// The same for files whose content changed: the profile's max_change, or else more than 60 %, and only over
/// 100.
std::optional<Limit> exceeded_change_limit(const std::optional<Limit>& max_change, std::uint64_t count,
                                           std::uint64_t stored);

/// "12 of 40 files (30 %)".
std::string share_in_words(std::uint64_t count, std::uint64_t whole);
/// The part of the limit that was exceeded: "20 %", "1,000 files".
std::string limit_in_words(const Limit& limit, std::uint64_t count, std::uint64_t whole);

/// How a person lets exactly this plan through ("`outhaul run PROFILE --approve c4b9f721004d`"), and whether
/// one has.
struct PlanApproval {
  std::string how;
  bool given = false;
};
PlanApproval approval_of(const std::string& plan_id, const GuardPolicy& policy,
                         const std::vector<std::string>& approved);

}  // namespace outhaul
