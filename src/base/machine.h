// What this machine is called, and names that it has never given.
#pragma once

#include <string>

namespace outhaul {

/// Empty when the kernel doesn't say.
std::string host_name();

/// Sixteen letters and digits.
std::string random_name();

}  // namespace outhaul
