// Who a restored thing shall belong to on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/accounts.h"
#include "outhaul/entry.h"

namespace outhaul {

/// The ids to give. A stand-in is a number that was stored beside a name which nobody has here: right on a
/// machine whose accounts aren't back yet, and perhaps another person's on any other.
struct Ownership {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool uid_stands_in = false;
  bool gid_stands_in = false;
};

/// Names first, since numbers differ from machine to machine; then the number. One thread at a time.
class OwnershipResolver {
 public:
  /// `numeric_ids`: the numbers as stored, whatever the names are here.
  explicit OwnershipResolver(bool numeric_ids) : numeric_ids_(numeric_ids) {}

  /// Adds to `notes`, once per name, that a number stands in for it.
  Ownership of(const Entry& entry, std::vector<std::string>& notes);
  /// The same without a word.
  Ownership of(const Entry& entry);

 private:
  bool numeric_ids_;
  Accounts accounts_;
  std::unordered_set<std::string> noted_users_, noted_groups_;
};

}  // namespace outhaul
