// A whole tree as text, so that two of them can be compared.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outhaul::test {

struct WalkOptions {
  bool top = false;      ///< the directory itself, too
  bool special = false;  ///< FIFOs and sockets, which no backup holds
};

/// One line for everything below `dir`, in order: kind, mode, uid, gid, modification time in nanoseconds, a
/// digest of the content or the target of the link, the first other name of the same file, path.
std::vector<std::string> walk(const std::filesystem::path& dir, const WalkOptions& options = {});

/// Lines that only one of two walks has, with "-" (only `expected`) or "+" in front.
std::vector<std::string> walk_differences(const std::filesystem::path& expected,
                                          const std::filesystem::path& found);

}  // namespace outhaul::test
