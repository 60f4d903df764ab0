// For somebody who finds the backup and has no outhaul.
#pragma once

#include <string>

namespace outhaul {

std::string readme_text(const std::string& profile);
/// The same where files lie in increments (outhaul/increment.h).
std::string readme_text_of_increments(const std::string& profile);

}  // namespace outhaul
