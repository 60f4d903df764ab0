#include "unit/plan/random_tree.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace outhaul::test {
namespace {

/// Few, so that they collide; around '/' in byte order, so that content stands apart from its directory.
constexpr std::array kSegments = {"a", "a-b", "a0", "a b", "b", "%0A", "a\n"};

bool lies_below(const std::string& path, const std::string& dir) {
  return path.starts_with(dir + '/');
}
bool lies_at_or_below(const std::string& path, const std::string& dir) {
  return path == dir || lies_below(path, dir);
}

}  // namespace

std::string RandomTree::any_name() {
  if (names_.empty()) return {};
  return std::next(names_.begin(), static_cast<std::ptrdiff_t>(below(names_.size())))->first;
}

std::string RandomTree::new_name() {
  std::vector<std::string> dirs{""};
  for (const auto& [path, inode] : names_)
    if (inodes_.at(inode).kind == EntryKind::directory && std::count(path.begin(), path.end(), '/') < 4)
      dirs.push_back(path + '/');
  return dirs[below(dirs.size())] + kSegments[below(kSegments.size())];
}

std::string RandomTree::parent_of(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

void RandomTree::touch(const std::string& dir) {
  const auto found = names_.find(dir);
  if (found == names_.end()) return;
  Inode& inode = inodes_.at(found->second);
  inode.mtime = inode.ctime = ++now_;
}

void RandomTree::create(const std::string& path) {
  constexpr std::array kinds = {EntryKind::file, EntryKind::file, EntryKind::directory, EntryKind::directory,
                                EntryKind::symlink};
  Inode inode;
  inode.kind = kinds[below(kinds.size())];
  inode.mtime = inode.ctime = ++now_;
  names_[path] = ++last_inode_;
  inodes_[last_inode_] = inode;
  if (inode.kind != EntryKind::directory) write(last_inode_, false);
  touch(parent_of(path));
}

void RandomTree::write(std::uint64_t number, bool sneaky) {
  Inode& inode = inodes_.at(number);
  inode.content = ++last_content_;
  inode.ctime = ++now_;
  if (sneaky) return;
  inode.mtime = inode.ctime;
  inode.size = inode.kind == EntryKind::file ? below(3) : 0;
}

void RandomTree::remove(const std::string& path) {
  std::erase_if(names_, [&](const auto& name) { return lies_at_or_below(name.first, path); });
  touch(parent_of(path));
}

void RandomTree::rename(const std::string& from, const std::string& to) {
  if (from == to || lies_at_or_below(to, from) || lies_at_or_below(from, to)) return;
  remove(to);
  std::map<std::string, std::uint64_t> renamed;
  for (const auto& [path, inode] : names_)
    if (lies_at_or_below(path, from)) renamed[to + path.substr(from.size())] = inode;
  remove(from);
  names_.merge(renamed);
  inodes_.at(names_.at(to)).ctime = ++now_;
  touch(parent_of(to));
}

void RandomTree::link(const std::string& from, const std::string& to) {
  Inode& inode = inodes_.at(names_.at(from));
  if (inode.kind != EntryKind::file || names_.contains(to)) return;
  names_[to] = names_.at(from);
  inode.ctime = ++now_;
  touch(parent_of(to));
}

void RandomTree::edit_metadata(std::uint64_t number) {
  Inode& inode = inodes_.at(number);
  inode.ctime = ++now_;
  switch (below(5)) {
    case 0:
      inode.user = inode.user == "alice" ? "bob" : "alice";
      break;
    case 1:
      inode.xattrs = {{"user.a", std::to_string(now_)}};
      break;
    case 2:
      inode.xattrs.clear();
      break;
    case 3:
      inode.sparse = inode.kind == EntryKind::file && !inode.sparse;
      break;
    default:
      inode.mode ^= 0111;
  }
}

void RandomTree::edit_once(bool sneaky) {
  const std::string at = any_name();
  const std::size_t choice = below(sneaky ? 8 : 12);
  if (at.empty() || choice < 3) {
    if (const std::string name = new_name(); !names_.contains(name)) create(name);
  } else if (choice < 5) {
    if (inodes_.at(names_.at(at)).kind != EntryKind::directory) write(names_.at(at), sneaky);
  } else if (choice == 5) {
    remove(at);
  } else if (choice == 6) {
    remove(at);
    create(at);
  } else if (choice == 7) {
    edit_metadata(names_.at(at));
  } else if (choice == 8) {
    link(at, new_name());
  } else {
    rename(at, choice == 9 ? any_name() : new_name());
  }
}

void RandomTree::edit(int times, bool sneaky) {
  for (int i = 0; i < times; ++i) edit_once(sneaky);
}

Entry RandomTree::entry(const std::string& path) const {
  const std::uint64_t number = names_.at(path);
  const Inode& inode = inodes_.at(number);
  Entry e;
  e.path = RelPath::parse(path);
  e.kind = inode.kind;
  e.size = inode.size;
  e.mtime_ns = inode.mtime;
  e.ctime_ns = inode.ctime;
  e.inode = number;
  e.dev = dev_;
  e.mode = inode.mode;
  e.user = inode.user;
  e.sparse = inode.sparse;
  e.xattrs = inode.xattrs;
  if (e.kind == EntryKind::file)
    e.links = links_of(static_cast<std::uint64_t>(std::count_if(
        names_.begin(), names_.end(), [&](const auto& name) { return name.second == number; })));
  if (e.kind == EntryKind::symlink) e.link_target = "to " + std::to_string(inode.content);
  return e;
}

std::vector<ScanItem> RandomTree::scan() const {
  std::vector<ScanItem> items;
  for (const auto& [path, inode] : names_) items.push_back(entry(path));
  return items;
}

std::vector<ScanItem> RandomTree::scan_with_doubts(int most, const std::vector<Entry>& state,
                                                   std::vector<ScanProblem>& problems) {
  using Kind = ScanProblem::Kind;
  struct Hidden {
    std::string path, emitted_at;
    Kind kind;
  };
  std::vector<Hidden> hidden;
  const std::size_t number = below(static_cast<std::size_t>(most) + 1);
  while (hidden.size() < number) {
    // Also what has just gone: between reading its name and looking at it, a file system may have failed.
    const bool of_state = !state.empty() && below(3) == 0;
    const std::string path = of_state ? state[below(state.size())].path.bytes() : any_name();
    if (path.empty()) break;
    const bool directory = names_.contains(path) && inodes_.at(names_.at(path)).kind == EntryKind::directory;
    const Kind kind = !directory      ? Kind::unreadable_entry
                      : below(2) == 0 ? Kind::unreadable_directory
                                      : Kind::other_file_system;
    // A scanner may tell at once, when it comes to the content, or when it has read the names of the parent.
    // The end is late, but must do no harm.
    const std::array places = {path, path + '/', parent_of(path) + '/', std::string("\xFF")};
    hidden.push_back({path, places[below(places.size())], kind});
  }
  std::erase_if(hidden, [&](const Hidden& one) {
    return std::any_of(hidden.begin(), hidden.end(),
                       [&](const Hidden& other) { return lies_below(one.path, other.path); });
  });
  const auto is_hidden = [&](const std::string& path) {
    return std::any_of(hidden.begin(), hidden.end(), [&](const Hidden& one) {
      return lies_below(path, one.path) || (path == one.path && one.kind == Kind::unreadable_entry);
    });
  };
  std::multimap<std::string, ScanItem> items;
  for (const auto& [path, inode] : names_)
    if (!is_hidden(path)) items.emplace(path, entry(path));
  for (const Hidden& one : hidden) {
    problems.push_back({RelPath::parse(one.path), one.kind, "Input/output error"});
    items.emplace(one.emitted_at == "/" ? std::string{} : one.emitted_at, problems.back());
  }
  std::vector<ScanItem> list;
  for (auto& [place, item] : items) list.push_back(std::move(item));
  return list;
}

}  // namespace outhaul::test
