#include "outhaul/counted.h"

#include <fmt/format.h>

namespace outhaul {

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  if (plural.empty()) return fmt::format("{} {}s", grouped(count), singular);
  return fmt::format("{} {}", grouped(count), plural);
}

}  // namespace outhaul
