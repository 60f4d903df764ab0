// Extended attributes of single entries, behind the walk.
#pragma once

#include <functional>
#include <string>

#include "base/fd.h"
#include "outhaul/entry.h"
#include "scan/attributes.h"

namespace outhaul {

/// Costs some system calls per entry more than AttributeReader does on the way: for the few that are new or
/// changed. Starts from the source's descriptor and follows no symlink. One thread, not the walk's.
class LateAttributes {
 public:
  /// It asks what is open by its name in /proc, since a descriptor that needs no permission to be read has no
  /// other.
  static bool possible() noexcept;
  /// `source` is borrowed.
  explicit LateAttributes(int source) : source_(source) {}

  /// Fills entry.xattrs. Nothing is left there, and nothing told, when something else stands in its place by
  /// now. Entries of one directory, one after the other, cost its way from the source only once.
  void read(Entry& entry, const std::function<void(std::string&&)>& fault);

 private:
  int open_parent(const std::string& parent);

  int source_;
  std::string parent_;  ///< of the last entry
  Fd parent_fd_;        ///< empty: the source itself, or not open
  BareDevices bare_;
};

}  // namespace outhaul
