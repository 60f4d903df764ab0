// What a host's name stands for, asked once more after a failure.
#pragma once

#include <string>

namespace outhaul {

/// The resolver says for sure that there is no such name: not that no answer came. Blocks as getaddrinfo
/// does.
bool name_is_unknown(const std::string& host);

}  // namespace outhaul
