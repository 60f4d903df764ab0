// Letters of ASCII, whatever the locale is: protocols' words know no others.
#pragma once

#include <string>
#include <string_view>

namespace outhaul {

constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = ascii_lower(c);
  return result;
}

}  // namespace outhaul
