// The names of users and groups on this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace outhaul {

/// What /etc/passwd and whatever else the machine is told to ask (NSS: LDAP, sssd) say. Each question is
/// asked once, since an answer may take a round trip; what couldn't be answered counts as unknown. One thread
/// at a time.
class Accounts {
 public:
  /// Empty when the id has no name here. Valid as long as the Accounts.
  const std::string& user_name(std::uint32_t uid);
  const std::string& group_name(std::uint32_t gid);
  std::optional<std::uint32_t> user_id(const std::string& name);
  std::optional<std::uint32_t> group_id(const std::string& name);

 private:
  std::unordered_map<std::uint32_t, std::string> user_names_, group_names_;
  std::unordered_map<std::string, std::optional<std::uint32_t>> user_ids_, group_ids_;
};

}  // namespace outhaul
