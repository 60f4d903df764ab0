// What a job leaves out of its source beside patterns. Values, no behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outhaul {

/// By size, by an entry that marks its directory, by a flag. As with patterns, what was stored before and is
/// left out now counts as removed.
struct LeaveOut {
  std::optional<std::uint64_t> larger_than{};  ///< files of more bytes
  /// A directory that has an entry of one of these names is stored without what else is in it.
  std::vector<std::string> if_present{};
  bool caches = false;    ///< the same for a CACHEDIR.TAG with the signature of bford.info/cachedir
  bool keep_tags = true;  ///< the entry that marks it is stored
  bool nodump = false;    ///< what has the flag "nodump" (chattr(1)), where the file system tells flags
  bool marks() const noexcept { return caches || !if_present.empty(); }
  friend bool operator==(const LeaveOut&, const LeaveOut&) = default;
};

}  // namespace outhaul
