#include "profile/base64_digest.h"

namespace outhaul {

bool is_base64_digest(std::string_view digits) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return digits.size() == 43 && digits.find_first_not_of(kDigits) == std::string_view::npos &&
         kDigits.find(digits.back()) % 4 == 0;
}

}  // namespace outhaul
