#include "cli/profile_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "cli/terminal_output.h"
#include "outhaul/paths.h"
#include "profile/decode.h"

namespace outhaul::cli {

namespace fs = std::filesystem;

ProfileFiles profile_files(const std::string& command, const std::vector<std::string>& named,
                           const fs::path& dir) {
  if (!named.empty()) return {named, false};
  std::error_code fault;
  std::vector<std::string> found;
  for (auto at = fs::directory_iterator(dir, fault); !fault && at != fs::directory_iterator();
       at.increment(fault)) {
    const std::string name = at->path().filename().native();
    if (name.ends_with(".json") && !name.starts_with('.')) found.push_back(at->path().native());
  }
  const bool is_absent = fault == std::errc::no_such_file_or_directory;
  if (fault && (!is_absent || dir != kProfilesDir))
    throw Error(ErrorKind::usage,
                fmt::format("{}: can't list the profiles in \"{}\": {}", command, printable(dir.native()),
                            fault.message()),
                "Name a profile's file, or another directory with --profiles.");
  if (found.empty())
    throw Error(
        ErrorKind::usage, fmt::format("{}: PROFILE is required", command),
        fmt::format(
            "Name the profile's file: outhaul {} PROFILE..., such as {}/my-backup.json. Without one, all "
            "profiles in {} are meant, and there is none (*.json). `outhaul init FILE` writes one to "
            "start from.",
            command, kProfilesDir, printable(dir.native())));
  std::ranges::sort(found);
  return {std::move(found), true};
}

ExitCode load_profiles(const ProfileFiles& files, const std::function<void(Profile&&)>& take) {
  ExitCode worst = ExitCode::done;
  std::vector<Profile> profiles;
  for (const std::string& file : files.files) {
    try {
      profiles.push_back(load_profile(file));
    } catch (const Error& error) {
      if (!files.each_alone) throw;
      complain(error);
      worst = worst_of(worst, exit_code_for(error.kind()));
    }
  }
  for (Profile& profile : profiles) take(std::move(profile));
  return worst;
}

}  // namespace outhaul::cli
