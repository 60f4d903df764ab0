// Durations and limits as people write them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "outhaul/policy.h"

namespace outhaul {

inline constexpr std::chrono::seconds kLongestDuration{86400};

/// "90 s", "10 min", "2 h": a whole number from 1 without leading zeros, at most one space, one of the units
/// s, min, h; none beyond kLongestDuration.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// "20%", "12.5 %": 0 to 100 with at most three decimals.
std::optional<double> parse_percent(std::string_view text);

}  // namespace outhaul
