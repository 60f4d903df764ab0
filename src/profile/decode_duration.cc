#include "profile/decode_duration.h"

#include "profile/quantity.h"

namespace outhaul {

void read_duration(const Node& node, std::chrono::seconds& duration) {
  if (node.is(JsonValue::Kind::number) && node.value().integer) {
    const std::int64_t seconds = *node.value().integer;
    if (seconds >= 1 && seconds <= kLongestDuration.count()) {
      duration = std::chrono::seconds(seconds);
      return;
    }
  } else if (node.is(JsonValue::Kind::string)) {
    if (const auto parsed = parse_duration(node.value().text)) {
      duration = *parsed;
      return;
    }
  }
  node.fault("a duration from 1 s to 24 h: whole seconds, or a string such as \"90 s\", \"10 min\", \"2 h\"");
}

}  // namespace outhaul
