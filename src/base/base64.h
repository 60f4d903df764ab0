// RFC 4648 §4.
#pragma once

#include <string>
#include <string_view>

namespace outhaul {

std::string to_base64(std::string_view bytes);

}  // namespace outhaul
