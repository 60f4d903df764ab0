#include "profile/decode_versions.h"

#include <array>
#include <utility>

#include "profile/keys.h"
#include "profile/quantity.h"

namespace outhaul {
namespace {

constexpr std::int64_t kMostRuns = 100'000;
constexpr const char* kVersionsShape =
    "an object with at least one of \"last\", \"hourly\", \"daily\", \"weekly\", \"monthly\", \"yearly\", "
    "\"within\" and \"max_bytes\"";

}  // namespace

VersionPolicy read_versions(const Node& node) {
  VersionPolicy policy;
  if (!node.object(version_keys(), kVersionsShape)) return policy;
  for (const auto& [key, count] :
       {std::pair{"last", &policy.last}, std::pair{"hourly", &policy.hourly},
        std::pair{"daily", &policy.daily}, std::pair{"weekly", &policy.weekly},
        std::pair{"monthly", &policy.monthly}, std::pair{"yearly", &policy.yearly}})
    if (const auto member = node.find(key))
      if (const auto value = member->integer(1, kMostRuns)) *count = static_cast<std::uint32_t>(*value);
  if (const auto within = node.find("within")) {
    const auto text = within->string(kSpanShape);
    const auto span = text ? parse_span(*text) : std::nullopt;
    if (text && !span) within->fault(kSpanShape, span_hint(*text));
    policy.within = span.value_or(Span{});
  }
  if (const auto most = node.find("max_bytes")) {
    const auto text = most->string(kBytesShape);
    const auto bytes = text ? parse_bytes(*text) : std::nullopt;
    if (text && !bytes) most->fault(kBytesShape, bytes_hint(*text));
    if (bytes) policy.max_bytes = *bytes;
  }
  if (node.value().members.empty()) node.fault(kVersionsShape, "to keep every version, leave \"versions\" out");
  return policy;
}

}  // namespace outhaul
