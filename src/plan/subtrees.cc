#include "plan/subtrees.h"

namespace outhaul {
namespace {

/// True when `position` sorts after everything that is at or below `root`.
bool passed(std::string_view root, std::string_view position) {
  if (root.empty()) return false;
  if (!position.starts_with(root)) return position > root;
  return position.size() > root.size() && static_cast<unsigned char>(position[root.size()]) > '/';
}

}  // namespace

std::string_view parent_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

void Subtrees::add(std::string_view root) {
  roots_.emplace(root);
}

bool Subtrees::cover(std::string_view path) const {
  if (roots_.empty()) return false;
  for (;; path = parent_of(path)) {
    if (roots_.contains(path)) return true;
    if (path.empty()) return false;
  }
}

void Subtrees::pass(std::string_view position) {
  while (!roots_.empty() && passed(*roots_.begin(), position)) roots_.erase(roots_.begin());
}

void HeldDirectories::hold_parents_of(std::string_view path) {
  for (path = parent_of(path); !path.empty(); path = parent_of(path))
    if (!dirs_.emplace(path).second) return;
}

bool casts_doubt(ScanProblem::Kind kind) noexcept {
  switch (kind) {
    case ScanProblem::Kind::unreadable_directory:
    case ScanProblem::Kind::unreadable_entry:
    case ScanProblem::Kind::other_file_system:
      return true;
    case ScanProblem::Kind::special:
    case ScanProblem::Kind::unreadable_xattr:
      return false;
  }
  return true;
}

}  // namespace outhaul
