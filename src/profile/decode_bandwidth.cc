#include "profile/decode_bandwidth.h"

#include "profile/keys.h"
#include "profile/quantity.h"

namespace outhaul {
namespace {

constexpr const char* kTable =
    "a limit such as \"500 KiB/s\", or an array such as [{\"from\": \"08:00\", \"to\": \"18:00\", \"limit\": "
    "\"500 KiB/s\"}]";

std::uint64_t read_rate(const Node& node) {
  const auto text = node.string(kRateShape);
  const auto rate = text ? parse_rate(*text) : std::nullopt;
  if (text && !rate) node.fault(kRateShape, rate_hint(*text));
  return rate.value_or(0);
}

int read_time(const Node& rule, const char* key, bool may_end_the_day) {
  constexpr const char* kTime = "a time of day from \"00:00\" to \"23:59\"";
  constexpr const char* kEnd = "a time of day from \"00:00\" to \"24:00\"";
  const char* expected = may_end_the_day ? kEnd : kTime;
  const auto node = rule.need(key, expected);
  const auto text = node ? node->string(expected) : std::nullopt;
  if (!text) return 0;
  if (may_end_the_day && *text == "24:00") return 0;
  const auto minute = parse_time_of_day(*text);
  if (!minute) node->fault(expected, text->size() == 4 ? "write two digits for the hour" : "");
  return minute.value_or(0);
}

}  // namespace

std::vector<BandwidthRule> read_bandwidth(const Node& node) {
  if (node.is(JsonValue::Kind::string)) return {{0, 0, read_rate(node)}};
  std::vector<BandwidthRule> rules;
  for (const Node& item : node.items(kTable, 1)) {
    if (!item.object(bandwidth_keys(), "an object with \"from\", \"to\" and \"limit\"")) continue;
    BandwidthRule rule;
    rule.from_minute = read_time(item, "from", false);
    rule.to_minute = read_time(item, "to", true);
    if (const auto limit = item.need("limit", kRateShape)) rule.bytes_per_second = read_rate(*limit);
    rules.push_back(rule);
  }
  return rules;
}

}  // namespace outhaul
