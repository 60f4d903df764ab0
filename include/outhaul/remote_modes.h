// Which permissions copies get on the remote: nobody who couldn't read a file here shall read its copy there.
#pragma once

#include <cstdint>
#include <optional>

#include "outhaul/entry.h"

namespace outhaul {

struct RemoteModes {
  enum class Rule : std::uint8_t {
    as_private,  ///< no more open than the source's; what the source leaves open is the server's to decide
    as_source,   ///< the source's
    by_server,   ///< nothing is asked for
    fixed,       ///< `file` and `dir`
  };
  Rule rule = Rule::as_private;
  std::uint32_t file = 0644, dir = 0755;  ///< of `fixed`: permission bits (0777)
  friend bool operator==(const RemoteModes&, const RemoteModes&) = default;
};

/// The mode that the copy of an entry shall have, if `rules` say so; none: it is the server's to decide, or a
/// symlink, which has no copy. The owner may always write it, because a later run must. Pure.
std::optional<std::uint32_t> remote_mode(const RemoteModes& rules, EntryKind kind, std::uint32_t source_mode);

/// The mode that a new copy must be given. None also where the mode that servers give of themselves (0644 and
/// 0755, or less) is private enough: that spares a command for most files. Pure.
std::optional<std::uint32_t> mode_to_set(const RemoteModes& rules, EntryKind kind, std::uint32_t source_mode);

/// The mode that a stored copy must be given, because the source's has changed. Pure.
std::optional<std::uint32_t> mode_to_change(const RemoteModes& rules, EntryKind kind, std::uint32_t before,
                                            std::uint32_t now);

/// Of directories that nobody but outhaul has business in.
inline constexpr std::uint32_t kPrivateDir = 0700;

}  // namespace outhaul
