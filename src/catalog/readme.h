// For somebody who finds the backup and has no outhaul.
#pragma once

#include <string>

namespace outhaul {

/// `control_dir`: what the server calls ".outhaul".
std::string readme_text(const std::string& profile, const std::string& control_dir);
/// The same where files lie in increments (outhaul/increment.h).
std::string readme_text_of_increments(const std::string& profile, const std::string& control_dir);

}  // namespace outhaul
