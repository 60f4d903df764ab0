#include "profile/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace outhaul {
namespace {

std::size_t leading_digits(std::string_view text) {
  const auto end = std::ranges::find_if(text, [](char c) { return c < '0' || c > '9'; });
  return static_cast<std::size_t>(end - text.begin());
}

std::optional<long> parse_whole(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<long> seconds_per(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "min") return 60;
  if (unit == "h") return 3600;
  return std::nullopt;
}

struct RateUnit {
  std::string_view word;
  double bytes;
};
constexpr std::array<RateUnit, 9> kRateUnits{{{"KiB/s", 1024.0},
                                              {"MiB/s", 1048576.0},
                                              {"GiB/s", 1073741824.0},
                                              {"kB/s", 1e3},
                                              {"MB/s", 1e6},
                                              {"GB/s", 1e9},
                                              {"kbit/s", 125.0},
                                              {"Mbit/s", 125e3},
                                              {"Gbit/s", 125e6}}};

constexpr std::array<RateUnit, 9> kByteUnits{{{"B", 1.0},
                                              {"KiB", 1024.0},
                                              {"MiB", 1048576.0},
                                              {"GiB", 1073741824.0},
                                              {"TiB", 1099511627776.0},
                                              {"kB", 1e3},
                                              {"MB", 1e6},
                                              {"GB", 1e9},
                                              {"TB", 1e12}}};

/// A number from 1 to 999999 with at most three decimals; what it took is gone from `text`.
std::optional<double> take_number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 6, kMostDecimals = 3;
  const std::size_t whole = leading_digits(text);
  if (whole == 0 || whole > kMostDigits || text.front() == '0') return std::nullopt;
  std::size_t length = whole;
  if (text.substr(whole).starts_with('.')) {
    const std::size_t decimals = leading_digits(text.substr(whole + 1));
    if (decimals == 0 || decimals > kMostDecimals) return std::nullopt;
    length += 1 + decimals;
  }
  double number = 0;
  std::from_chars(text.data(), text.data() + length, number);
  text.remove_prefix(length);
  return number;
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  if (text == "off" || text == "unlimited") return 0;
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto unit = std::ranges::find(kRateUnits, text, &RateUnit::word);
  if (unit == kRateUnits.end()) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*number * unit->bytes));
}

std::string rate_hint(std::string_view text) {
  if (text == "0" || text.starts_with("0 ")) return "no limit is \"off\"";
  const std::string_view number = text.substr(0, leading_digits(text));
  std::string_view unit = text.substr(number.size());
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (!number.empty() && unit.empty()) return fmt::format("a unit belongs to it: \"{} KiB/s\"", number);
  for (const RateUnit& known : kRateUnits)
    if (same_letters(unit, known.word)) return fmt::format("did you mean \"{}\"?", known.word);
  if (same_letters(unit, "kbps") || same_letters(unit, "mbps") || same_letters(unit, "gbps"))
    return fmt::format("write bits as \"{} Mbit/s\", bytes as \"{} MB/s\"", number, number);
  return {};
}

std::optional<Span> parse_span(std::string_view text) {
  constexpr std::size_t kMostDigits = 4;
  Span span;
  const std::array units{std::pair{'y', &span.years}, std::pair{'m', &span.months},
                         std::pair{'d', &span.days}, std::pair{'h', &span.hours}};
  for (const auto& [unit, count] : units) {
    const std::size_t digits = leading_digits(text);
    if (digits == text.size() || text[digits] != unit) continue;
    const auto number = parse_whole(text.substr(0, digits));
    if (!number || *number < 1 || digits > kMostDigits) return std::nullopt;
    *count = static_cast<std::uint32_t>(*number);
    text.remove_prefix(digits + 1);
  }
  return text.empty() && !span.zero() ? std::optional(span) : std::nullopt;
}

std::string span_hint(std::string_view text) {
  const std::string_view number = text.substr(0, leading_digits(text));
  std::string_view unit = text.substr(number.size());
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (number.empty()) return {};
  if (unit.empty() || unit == "days" || unit == "day" || unit == "d" || unit == "D")
    return fmt::format("{} days are \"{}d\"", number, number);
  if (unit == "w" || unit == "weeks" || unit == "week") return "a week is \"7d\"";
  if (unit == "min") return "the smallest unit is the hour, and \"m\" are months";
  return {};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto unit = std::ranges::find(kByteUnits, text, &RateUnit::word);
  if (unit == kByteUnits.end()) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*number * unit->bytes));
}

std::string bytes_hint(std::string_view text) {
  const std::string_view number = text.substr(0, leading_digits(text));
  std::string_view unit = text.substr(number.size());
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (!number.empty() && unit.empty()) return fmt::format("a unit belongs to it: \"{} GiB\"", number);
  for (const RateUnit& known : kByteUnits)
    if (same_letters(unit, known.word)) return fmt::format("did you mean \"{}\"?", known.word);
  return {};
}

std::optional<int> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':' || leading_digits(text) != 2 || leading_digits(text.substr(3)) != 2)
    return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0'), minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  const std::size_t digits = leading_digits(text);
  const auto number = parse_whole(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto factor = seconds_per(unit);
  if (!number || !factor || *number < 1 || *number > kLongestDuration.count() / *factor) return std::nullopt;
  return std::chrono::seconds(*number * *factor);
}

std::optional<double> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  if (text.ends_with(' ')) text.remove_suffix(1);
  const std::size_t digits = leading_digits(text);
  const auto whole = parse_whole(text.substr(0, digits));
  if (!whole || *whole > 100) return std::nullopt;
  std::string_view decimals = text.substr(digits);
  if (decimals.empty()) return static_cast<double>(*whole);
  decimals.remove_prefix(1);
  if (text[digits] != '.' || decimals.empty() || decimals.size() > 3 ||
      leading_digits(decimals) != decimals.size())
    return std::nullopt;
  double percent = 0;
  std::from_chars(text.data(), text.data() + text.size(), percent);
  return percent <= 100 ? std::optional(percent) : std::nullopt;
}

}  // namespace outhaul
