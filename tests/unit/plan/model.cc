#include "unit/plan/model.h"

#include <fmt/format.h>

#include "outhaul/names.h"

namespace outhaul::test {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path) {
  throw ModelError(fmt::format("{}: {}", printable(path), what));
}

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

}  // namespace

// --- the remote
// ------------------------------------------------------------------------------------------------------

void ModelRemote::need_parent(const std::string& path) const {
  const std::string dir = parent(path);
  if (dir.empty()) return;
  const auto found = nodes_.find(dir);
  if (found == nodes_.end()) fail("550 no such directory above it", path);
  if (found->second) fail("550 what is above it is a file", path);
}

void ModelRemote::need_free(const std::string& path) const {
  if (nodes_.contains(path)) fail("550 the name is taken", path);
}

void ModelRemote::make_dir(const std::string& path) {
  need_parent(path);
  need_free(path);
  nodes_.emplace(path, std::nullopt);
}

void ModelRemote::publish(const std::string& path, Content content) {
  need_parent(path);
  const auto found = nodes_.find(path);
  if (found != nodes_.end() && !found->second) fail("550 is a directory", path);
  nodes_[path] = content;
}

void ModelRemote::rename(const std::string& from, const std::string& to) {
  const Content moved = content(from);
  need_parent(to);
  need_free(to);
  nodes_.erase(from);
  nodes_.emplace(to, moved);
}

void ModelRemote::remove(const std::string& path) {
  content(path);
  nodes_.erase(path);
}

void ModelRemote::remove_dir(const std::string& path) {
  const auto found = nodes_.find(path);
  if (found == nodes_.end() || found->second) fail("550 RMD of what is no directory", path);
  const auto below = nodes_.lower_bound(path + '/');
  if (below != nodes_.end() && below->first.starts_with(path + '/')) fail("550 directory not empty", path);
  nodes_.erase(found);
}

Content ModelRemote::content(const std::string& path) const {
  const auto found = nodes_.find(path);
  if (found == nodes_.end() || !found->second) fail("550 no such file", path);
  return *found->second;
}

// --- the executor
// ----------------------------------------------------------------------------------------------------

Model::Model(RemotePath target) : target_(std::move(target)) {
  std::string made;
  for (const char c : target_.wire()) {
    if (c == '/') remote_.make_dir(made);
    made += c;
  }
  if (!made.empty()) remote_.make_dir(made);
}

void Model::carry_out(const Plan& plan, const ReadSource& read) {
  for (const bool after_removals : {false, true})
    for (const Action& action : plan.actions)
      if (action.after_removals == after_removals) carry_out(action, read);
}

void Model::carry_out(const Action& action, const ReadSource& read) {
  switch (action.kind) {
    case ActionKind::make_dir:
      remote_.make_dir(remote_name(action.entry.path));
      return record(action.entry);
    case ActionKind::upload:
      return upload(action, read);
    case ActionKind::compare:
      return compare(action, read);
    case ActionKind::move:
      return move(action);
    case ActionKind::remove:
    case ActionKind::retire:
      return remove(action);
    case ActionKind::remove_dir:
      remote_.remove_dir(remote_name(action.entry.path));
      return end(action.entry.path);
    case ActionKind::record:
      return record(action.entry);
    case ActionKind::forget:
      return end(action.entry.path);
    case ActionKind::withhold:
      return;
  }
}

/// The new object takes the place of the one that the action names, and of no other.
void Model::upload(const Action& action, const ReadSource& read) {
  const std::string name = remote_name(action.entry.path);
  const bool replaces = action.entry.object != kNoObject;
  if (replaces && stored(action.entry.path).object != action.entry.object)
    fail("replaces another object", name);
  if (!replaces && remote_.nodes().contains(name)) fail("replaces an object that it doesn't know", name);
  remote_.publish(name, read(action.entry));
  Entry entry = action.entry;
  entry.object = ObjectId{++last_object_};
  record(entry);
}

void Model::compare(const Action& action, const ReadSource& read) {
  if (read(action.entry) != remote_.content(remote_name(action.entry.path))) return upload(action, read);
  record(action.entry);
}

void Model::move(const Action& action) {
  if (stored(action.from).object != action.entry.object)
    fail("the old name holds another object", action.from.bytes());
  remote_.rename(remote_name(action.from), remote_name(action.entry.path));
  end(action.from);
  record(action.entry);
}

void Model::remove(const Action& action) {
  if (action.entry.object == kNoObject || stored(action.entry.path).object != action.entry.object)
    fail("removes an object that isn't there", action.entry.path.bytes());
  remote_.remove(remote_name(action.entry.path));
  end(action.entry.path);
}

/// An entry takes the place of one of its own kind, or of a symlink, which has nothing on the remote.
/// Anything else would lose track of what is there.
void Model::record(const Entry& entry) {
  const auto old = state_.find(entry.path.bytes());
  const bool loses = old != state_.end() && old->second.kind != entry.kind &&
                     old->second.kind != EntryKind::symlink &&
                     !(old->second.kind == EntryKind::file && old->second.object == kNoObject);
  if (loses) fail("the state would lose what was stored under this name", entry.path.bytes());
  state_[entry.path.bytes()] = entry;
}

void Model::end(const RelPath& path) {
  stored(path);
  state_.erase(path.bytes());
}

const Entry& Model::stored(const RelPath& path) const {
  const auto found = state_.find(path.bytes());
  if (found == state_.end()) fail("the state has no such entry", path.bytes());
  return found->second;
}

std::vector<Entry> Model::entries() const {
  std::vector<Entry> list;
  for (const auto& [path, entry] : state_) list.push_back(entry);
  return list;
}

std::string Model::remote_name(const RelPath& path) const {
  return remote_path_for(target_, path, {}).wire();
}

}  // namespace outhaul::test
