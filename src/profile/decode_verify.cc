#include "profile/decode_verify.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "profile/keys.h"

namespace outhaul {
namespace {

constexpr const char* kPeriod = "a time in days or hours, such as \"30d\" or \"48h\"";

/// 1 to 9999 without leading zeros, and 'd' or 'h'.
std::optional<std::chrono::seconds> parse_period(std::string_view text) {
  if (text.size() < 2 || text.size() > 5 || text.front() < '1' || text.front() > '9') return std::nullopt;
  const char unit = text.back();
  text.remove_suffix(1);
  long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (unit == 'h') return std::chrono::hours(count);
  if (unit == 'd') return std::chrono::hours(24 * count);
  return std::nullopt;
}

}  // namespace

std::chrono::seconds read_read_all_within(const Node& node) {
  if (!node.object(verify_keys(), "an object with \"read_all_within\"")) return {};
  if (const auto description = node.find("description")) description->string("a string");
  const auto member = node.find("read_all_within");
  if (!member) return {};
  const auto text = member->string(kPeriod);
  if (!text) return {};
  const auto period = parse_period(*text);
  if (!period)
    member->fault(kPeriod, text->find(' ') != std::string_view::npos ? "write it without a space" : "");
  return period.value_or(std::chrono::seconds{0});
}

}  // namespace outhaul
