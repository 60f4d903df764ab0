// A remote on this disk that kills its own process at a chosen moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "nightly.h"
#include "outhaul/remote.h"

namespace outhaul::test {

/// Counts operations down, and dies before or after the fatal one.
struct Fuse {
  std::uint64_t left = 0;  ///< 0: never
  bool after = false;
};

/// The directory `disk` as a remote. Commands are carried out one at a time, so that a death can fall between
/// any two. Both must outlive it.
std::unique_ptr<Remote> fused_remote(const std::filesystem::path& disk, Fuse& fuse);

/// Runs the night in a child that dies when the fuse says so. True when it died; else it must have ended
/// with 0.
bool dies(Nightly& night, const std::filesystem::path& disk, Fuse fuse);

/// Path → content of every file below `disk`.
std::map<std::string, std::string> files_below(const std::filesystem::path& disk);

}  // namespace outhaul::test
