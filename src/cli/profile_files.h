// Which profiles a command is about.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/profile.h"

namespace outhaul::cli {

inline constexpr const char* kProfilesDir = "/etc/outhaul";

struct ProfileFiles {
  std::vector<std::string> files;
  /// They are what a directory holds: one that can't be read must not keep the others from their turn. Of
  /// files that somebody named, nothing is done unless all can be read.
  bool each_alone = false;
};

/// Those that are named, else every *.json in `dir`, sorted by name. Throws Error{usage} when there is none,
/// or `dir` can't be read. `command` is for the message.
ProfileFiles profile_files(const std::string& command, const std::vector<std::string>& named,
                           const std::filesystem::path& dir);

/// Hands each one that can be read to `take`, in turn. What is wrong with the others is told, and the worst
/// of that returned; of files that somebody named, the first one that can't be read is thrown before `take`
/// is called at all.
ExitCode load_profiles(const ProfileFiles& files, const std::function<void(Profile&&)>& take);

}  // namespace outhaul::cli
