// `outhaul mirror SOURCE URL`: a profile made from the command line.
#pragma once

#include <filesystem>
#include <string>

#include "outhaul/profile.h"

namespace outhaul {

/// A profile with one job "mirror" whose name — and so whose state — is bound to the source's real path and
/// the URL. `settings` comes from parse_remote_url with the command line's choices filled in.
Profile mirror_profile(const std::filesystem::path& source, const RemoteSettings& settings);

}  // namespace outhaul
