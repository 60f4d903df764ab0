// A whole tree as text, so that two of them can be compared.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace outhaul::test {

struct WalkOptions {
  bool top = false;      ///< the directory itself, too
  bool special = false;  ///< FIFOs and sockets, which no backup holds
  bool xattrs = false;   ///< the attributes that a backup keeps
  bool holes = false;    ///< whether a file has some that a backup knows of
};

/// One line for everything below `dir`, in order: kind, mode, uid, gid, modification time in nanoseconds, a
/// digest of the content or the target of the link, the first other name of the same file, what the options
/// add, path.
std::vector<std::string> walk(const std::filesystem::path& dir, const WalkOptions& options = {});

/// Lines that only one of two walks has, with "-" (only `expected`) or "+" in front.
std::vector<std::string> walk_differences(const std::filesystem::path& expected,
                                          const std::filesystem::path& found,
                                          const WalkOptions& options = {});
/// The same for walks that were taken before.
std::vector<std::string> line_differences(std::vector<std::string> expected, std::vector<std::string> found);

}  // namespace outhaul::test
