// Which extended attributes belong to a backup.
#pragma once

#include <string_view>

namespace outhaul {

/// Kept and given back: "user.*", "trusted.*" (only root sees them), file capabilities and POSIX ACLs. Not
/// what belongs to a machine and not to a file: labels of SELinux and its kin come from the policy of the
/// machine (restorecon), signatures of IMA and EVM from its keys.
bool is_kept_xattr(std::string_view name) noexcept;

/// Only root may set it: "trusted.*", and file capabilities.
bool is_privileged_xattr(std::string_view name) noexcept;

}  // namespace outhaul
