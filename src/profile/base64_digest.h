// Fingerprints as people copy them. Pure.
#pragma once

#include <string_view>

namespace outhaul {

/// The 43 base64 digits of 32 bytes, without padding; the two spare bits must be 0 (RFC 4648 §3.5).
bool is_base64_digest(std::string_view digits);

}  // namespace outhaul
