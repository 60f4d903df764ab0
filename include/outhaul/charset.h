// Character sets of servers that don't speak UTF-8.
#pragma once

#include <string>

namespace outhaul {

/// Why names can't be kept in the character set `name`, behind "…, which "; empty when they can. It must be
/// one that iconv knows, and the printable ASCII characters must have their ASCII bytes in it: paths and
/// commands are built of them.
std::string charset_fault(const std::string& name);

}  // namespace outhaul
