// Runs are numbered, and everything in the state belongs to one.
#pragma once

#include <cstdint>

namespace outhaul {

enum class RunId : std::int64_t {};
inline constexpr RunId kNoRun{0};

}  // namespace outhaul
