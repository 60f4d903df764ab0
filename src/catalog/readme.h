// For somebody who finds the backup and has no outhaul.
#pragma once

#include <string>

namespace outhaul {

std::string readme_text(const std::string& profile);

}  // namespace outhaul
