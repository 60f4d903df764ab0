#include "restore/ownership.h"

#include <fmt/format.h>

#include "outhaul/paths.h"

namespace outhaul {

Ownership OwnershipResolver::of(const Entry& entry) {
  Ownership wanted{entry.uid, entry.gid};
  if (numeric_ids_) return wanted;
  if (!entry.user.empty()) {
    const auto id = accounts_.user_id(entry.user);
    wanted.uid = id.value_or(entry.uid);
    wanted.uid_stands_in = !id;
  }
  if (!entry.group.empty()) {
    const auto id = accounts_.group_id(entry.group);
    wanted.gid = id.value_or(entry.gid);
    wanted.gid_stands_in = !id;
  }
  return wanted;
}

Ownership OwnershipResolver::of(const Entry& entry, std::vector<std::string>& notes) {
  const Ownership wanted = of(entry);
  if (wanted.uid_stands_in && noted_users_.insert(entry.user).second)
    notes.push_back(
        fmt::format("owner {}: no such user here; uid {} was used", printable(entry.user), entry.uid));
  if (wanted.gid_stands_in && noted_groups_.insert(entry.group).second)
    notes.push_back(
        fmt::format("group {}: no such group here; gid {} was used", printable(entry.group), entry.gid));
  return wanted;
}

}  // namespace outhaul
