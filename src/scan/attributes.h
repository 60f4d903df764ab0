// Extended attributes on the way of the walk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/xattr.h"
#include "outhaul/entry.h"

namespace outhaul {

/// What of `place` belongs to a backup, in byte order of the names. `fault` is told in words what of it can't
/// be read; the rest is there. Returns 0 or the errno of listing them.
int ask_attributes(const XattrPlace& place, std::vector<Xattr>& into,
                   const std::function<void(std::string&&)>& fault);

/// Devices that have no attributes at all.
class BareDevices {
 public:
  bool has(std::uint64_t dev) const noexcept;
  /// Takes what asking something there has failed with; true when that was the reason.
  bool learn(std::uint64_t dev, int error);

 private:
  std::vector<std::uint64_t> devices_;
};

/// "its attributes can't be listed: …"
std::string cannot_list(int error);

/// Asks each entry for its attributes: one system call for those that have none, which is almost all of them.
/// Belongs to the thread that walks.
class AttributeReader {
 public:
  /// Without `wanted` it finds none anywhere.
  explicit AttributeReader(bool wanted) : wanted_(wanted) {}

  /// To be called first, and on a thread that ends with the walk: gives the thread a working directory of its
  /// own (unshare(2)), since Linux can ask for the attributes of an unopened file or a symlink by path only,
  /// and the way through /proc/self/fd costs seven times as much (measured). That way is the one that is left
  /// where unshare is forbidden (containers).
  void begin() noexcept;

  /// The directory whose names are asked about from now on.
  void enter(int directory) noexcept {
    directory_ = directory;
    here_ = false;
  }

  /// What of `name`, which is on device `dev`, belongs to a backup, in byte order of the names. `fault` is
  /// told in words what can't be read; the rest is there. A symlink's own attributes, never its target's.
  void read(const char* name, std::uint64_t dev, std::vector<Xattr>& into,
            const std::function<void(std::string&&)>& fault);

 private:
  bool go_there() noexcept;

  bool wanted_;
  bool own_directory_ = false;
  int directory_ = -1;
  bool here_ = false;  ///< directory_ is the thread's working directory
  BareDevices bare_;
};

}  // namespace outhaul
