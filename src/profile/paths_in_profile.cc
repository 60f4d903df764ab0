#include "profile/paths_in_profile.h"

#include <algorithm>

namespace outhaul {
namespace {

constexpr const char* kLocalPath = "a path, absolute or relative to the profile's folder";

/// Without "." segments and a trailing '/'. ".." stays where a symlink before it could give it another
/// meaning.
std::filesystem::path tidied(const std::filesystem::path& path) {
  if (std::ranges::find(path, std::filesystem::path("..")) != path.end()) return path;
  std::filesystem::path normal = path.lexically_normal();
  return normal.has_filename() || normal == normal.root_path() ? normal : normal.parent_path();
}

}  // namespace

std::optional<std::filesystem::path> read_local_path(const Node& node, const std::filesystem::path& folder) {
  const auto text = node.string(kLocalPath);
  if (!text) return std::nullopt;
  if (text->starts_with('~')) {
    node.fault(kLocalPath,
               "\"~\" is not expanded here: write the home directory in full (a name that starts with '~': "
               "\"./~…\")");
    return std::nullopt;
  }
  if (text->empty() || text->find('\0') != std::string::npos) {
    node.fault(kLocalPath);
    return std::nullopt;
  }
  return tidied(folder / *text);
}

std::optional<std::string> read_absolute_path(const Node& node) {
  constexpr const char* kAbsolute = "an absolute path, such as \"/srv/www/.mounted\"";
  const auto text = node.string(kAbsolute);
  if (!text) return std::nullopt;
  if (!text->starts_with('/') || text->find('\0') != std::string::npos) {
    node.fault(kAbsolute,
               text->starts_with('~') ? "\"~\" is not expanded here: write the home directory in full" : "");
    return std::nullopt;
  }
  return text;
}

}  // namespace outhaul
