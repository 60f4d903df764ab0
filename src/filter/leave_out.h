// What is left out of a source beside patterns: the decisions. Pure; src/scan asks the file system.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/leave_out.h"

namespace outhaul {

/// The name of a cache directory's tag (bford.info/cachedir).
inline constexpr std::string_view kCacheTag = "CACHEDIR.TAG";
/// What a regular file of that name must begin with to be one.
inline constexpr std::string_view kCacheSignature = "Signature: 8a477f597d28d172789f06886806bc55";

bool is_too_large(const LeaveOut& rules, std::uint64_t size) noexcept;

/// `holds(name)`: whether the directory has an entry of that name; `is_cache()`: whether its CACHEDIR.TAG is
/// one by its content, asked only if need be. The names that mark the directory, in the rules' order; none:
/// it isn't marked.
template <typename Holds, typename IsCache>
std::vector<std::string> marks_of(const LeaveOut& rules, Holds holds, IsCache is_cache) {
  std::vector<std::string> marks;
  for (const std::string& name : rules.if_present)
    if (holds(std::string_view(name))) marks.push_back(name);
  if (rules.caches && holds(kCacheTag) && is_cache()) marks.emplace_back(kCacheTag);
  return marks;
}

/// Why `name` can't be the name of a marker, or empty; continues a sentence that begins with the name.
std::string marker_fault(std::string_view name);

}  // namespace outhaul
