// What completion finds in profiles and states. It reads, and it is silent about whatever it can't read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/completion.h"

namespace outhaul::cli {

/// Of this machine: profiles in `profiles_dir`, states below `state_dir` (empty: where they usually are).
class FoundOnDisk final : public CompletionSources {
 public:
  FoundOnDisk(std::filesystem::path profiles_dir, std::filesystem::path state_dir);

  std::vector<std::string> profiles() const override;
  std::vector<std::string> jobs(const std::string& profile) const override;
  std::vector<std::string> paths(const std::string& profile, const std::string& job, const std::string& at,
                                 const std::string& begun) const override;

 private:
  std::filesystem::path profiles_dir_, state_dir_;
};

}  // namespace outhaul::cli
