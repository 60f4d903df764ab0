// Durations and limits as people write them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "outhaul/policy.h"

namespace outhaul {

inline constexpr std::chrono::seconds kLongestDuration{86400};

/// "90 s", "10 min", "2 h": a whole number from 1 without leading zeros, at most one space, one of the units
/// s, min, h; none beyond kLongestDuration.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// "20%", "12.5 %": 0 to 100 with at most three decimals.
std::optional<double> parse_percent(std::string_view text);

inline constexpr const char* kRateShape =
    "\"off\", or a rate such as \"500 KiB/s\", \"1.5 MiB/s\" or \"10 Mbit/s\"";

/// Bytes per second; 0 is no limit: "off", "unlimited". A number from 1 to 999999 without leading zeros and
/// with at most three decimals, at most one space, one of the units KiB/s, MiB/s, GiB/s (1024), kB/s, MB/s,
/// GB/s (1000), kbit/s, Mbit/s, Gbit/s.
std::optional<std::uint64_t> parse_rate(std::string_view text);
/// What is probably meant by a text that is no rate; or empty.
std::string rate_hint(std::string_view text);

inline constexpr const char* kSpanShape =
    "a time such as \"30d\", \"1y6m\" or \"2d12h\" (years, months, days, hours)";

/// Whole numbers from 1 to 9999 without leading zeros with the units y, m, d, h: each at most once, in this
/// order.
std::optional<Span> parse_span(std::string_view text);
/// What is probably meant by a text that is no span; or empty.
std::string span_hint(std::string_view text);

inline constexpr const char* kBytesShape = "a size such as \"50 GiB\" or \"1.5 TB\"";

/// A number from 1 to 999999 without leading zeros and with at most three decimals, at most one space, one of
/// the units B, KiB, MiB, GiB, TiB (1024), kB, MB, GB, TB (1000).
std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// What is probably meant by a text that is no size; or empty.
std::string bytes_hint(std::string_view text);

/// "08:00" → 480.
std::optional<int> parse_time_of_day(std::string_view text);

}  // namespace outhaul
