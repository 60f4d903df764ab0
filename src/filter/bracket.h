// Bracket expressions of wildmatch: "[a-z]", "[!…]", "[^…]", "[[:alpha:]]". Pure.
#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>

namespace outhaul {

struct Bracket {
  std::bitset<256> bytes;  ///< never holds '/'
  std::size_t end = 0;     ///< index behind the closing ']'
};

/// Reads the bracket expression that begins with the '[' at `start`. Throws GlobError when it isn't closed or
/// names a class that does not exist.
Bracket parse_bracket(std::string_view pattern, std::size_t start);

}  // namespace outhaul
