#include "profile/quantity.h"

#include <algorithm>
#include <charconv>

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

}  // namespace

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
