// What is to be done for one entry, given what stands in its place. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "outhaul/entry.h"
#include "outhaul/restore.h"

namespace outhaul {

/// Something in the directory that is restored to.
struct Standing {
  enum class Kind : std::uint8_t { file, directory, symlink, other };
  Kind kind = Kind::other;
  std::uint64_t size = 0;
  std::uint64_t dev = 0, inode = 0;
  std::string link_target;  ///< symlinks only
};

struct Decision {
  enum class Step : std::uint8_t {
    make_dir,
    keep_dir,   ///< it is there; its metadata may be wanted
    make_file,  ///< an empty one: nothing to fetch
    fetch,
    compare,  ///< a file of the same size is there: whether it is equal takes reading it
    make_symlink,
    leave,       ///< it is there, and equal
    differs,     ///< something else is there, which may not be replaced
    in_the_way,  ///< something else is there, which is never replaced
  };
  Step step = Step::fetch;
  bool replaces = false;  ///< something is there that goes
  friend bool operator==(const Decision&, const Decision&) = default;
};

/// Directories are never removed, and nothing is removed to make room for one: a slip of the command line
/// would cost whole trees.
Decision decide(const Entry& entry, const std::optional<Standing>& there, Overwrite overwrite);

/// "a directory", "a symlink", …
std::string_view describe(Standing::Kind kind) noexcept;

}  // namespace outhaul
