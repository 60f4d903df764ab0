#include "outhaul/xattrs.h"

namespace outhaul {

bool is_kept_xattr(std::string_view name) noexcept {
  return name.starts_with("user.") || name.starts_with("trusted.") || name == "security.capability" ||
         name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

bool is_privileged_xattr(std::string_view name) noexcept {
  return name.starts_with("trusted.") || name.starts_with("security.");
}

}  // namespace outhaul
