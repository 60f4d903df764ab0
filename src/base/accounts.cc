#include "base/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace outhaul {
namespace {

/// A group's row lists its members: some have thousands.
constexpr std::size_t kFirstRoom = 4096, kMostRoom = 16 * 1024 * 1024;

/// Runs one of the get…_r functions with as much room as its answer needs. False: no such row, or no answer.
template <typename Row, typename Ask>
bool look_up(Row& row, std::vector<char>& room, Ask ask) {
  room.resize(kFirstRoom);
  for (;;) {
    Row* found = nullptr;
    const int error = ask(&row, room.data(), room.size(), &found);
    if (error == EINTR) continue;
    if (error != ERANGE || room.size() >= kMostRoom) return error == 0 && found != nullptr;
    room.resize(room.size() * 2);
  }
}

template <typename Row, typename Ask, typename Field>
const std::string& name_of(std::unordered_map<std::uint32_t, std::string>& known, std::uint32_t id, Ask ask,
                           Field field) {
  if (const auto it = known.find(id); it != known.end()) return it->second;
  Row row{};
  std::vector<char> room;
  const bool found = look_up(row, room, [&](Row* into, char* buffer, std::size_t size, Row** result) {
    return ask(id, into, buffer, size, result);
  });
  return known.emplace(id, found ? row.*field : "").first->second;
}

template <typename Row, typename Ask, typename Field>
std::optional<std::uint32_t> id_of(std::unordered_map<std::string, std::optional<std::uint32_t>>& known,
                                   const std::string& name, Ask ask, Field field) {
  if (const auto it = known.find(name); it != known.end()) return it->second;
  Row row{};
  std::vector<char> room;
  const bool found = look_up(row, room, [&](Row* into, char* buffer, std::size_t size, Row** result) {
    return ask(name.c_str(), into, buffer, size, result);
  });
  return known.emplace(name, found ? std::optional<std::uint32_t>(row.*field) : std::nullopt).first->second;
}

}  // namespace

const std::string& Accounts::user_name(std::uint32_t uid) {
  return name_of<passwd>(user_names_, uid, getpwuid_r, &passwd::pw_name);
}
const std::string& Accounts::group_name(std::uint32_t gid) {
  return name_of<group>(group_names_, gid, getgrgid_r, &group::gr_name);
}
std::optional<std::uint32_t> Accounts::user_id(const std::string& name) {
  return id_of<passwd>(user_ids_, name, getpwnam_r, &passwd::pw_uid);
}
std::optional<std::uint32_t> Accounts::group_id(const std::string& name) {
  return id_of<group>(group_ids_, name, getgrnam_r, &group::gr_gid);
}

}  // namespace outhaul
