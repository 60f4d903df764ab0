#include "filter/leave_out.h"

namespace outhaul {

bool is_too_large(const LeaveOut& rules, std::uint64_t size) noexcept {
  return rules.larger_than && size > *rules.larger_than;
}

std::string marker_fault(std::string_view name) {
  constexpr std::size_t kLongestName = 255;
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return "is in every directory";
  if (name.find('/') != std::string_view::npos)
    return "is a path; it is looked for in every directory by its name";
  if (name.find('\0') != std::string_view::npos) return "holds a NUL byte, which no name can";
  if (name.size() > kLongestName) return "is longer than a name can be";
  return {};
}

}  // namespace outhaul
