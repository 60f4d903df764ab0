#include "outhaul/remote_modes.h"

namespace outhaul {
namespace {

constexpr std::uint32_t kPermissions = 0777, kOthers = 0077;

std::uint32_t owners_share(EntryKind kind) {
  return kind == EntryKind::directory ? 0700 : 0600;
}

/// What servers give with the umask that most have (022).
std::uint32_t given_by_servers(EntryKind kind) {
  return kind == EntryKind::directory ? 0755 : 0644;
}

}  // namespace

std::optional<std::uint32_t> remote_mode(const RemoteModes& rules, EntryKind kind, std::uint32_t source_mode) {
  if (kind == EntryKind::symlink || rules.rule == RemoteModes::Rule::by_server) return std::nullopt;
  if (rules.rule == RemoteModes::Rule::fixed) return kind == EntryKind::directory ? rules.dir : rules.file;
  return (source_mode & kPermissions) | owners_share(kind);
}

std::optional<std::uint32_t> mode_to_set(const RemoteModes& rules, EntryKind kind, std::uint32_t source_mode) {
  const bool private_enough = rules.rule == RemoteModes::Rule::as_private &&
                              (given_by_servers(kind) & kOthers & ~source_mode) == 0;
  return private_enough ? std::nullopt : remote_mode(rules, kind, source_mode);
}

std::optional<std::uint32_t> mode_to_change(const RemoteModes& rules, EntryKind kind, std::uint32_t before,
                                            std::uint32_t now) {
  const std::optional<std::uint32_t> wanted = remote_mode(rules, kind, now);
  return wanted == remote_mode(rules, kind, before) ? std::nullopt : wanted;
}

}  // namespace outhaul
