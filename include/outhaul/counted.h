// Numbers of things, as a person reads them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outhaul {

std::string grouped(std::uint64_t value);  ///< "10,412"
/// "1 file", "10,412 files"; `plural` where an s doesn't make it.
std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural = {});

}  // namespace outhaul
