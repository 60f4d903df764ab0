#include "plan/moves.h"

#include <algorithm>
#include <compare>
#include <string_view>
#include <tuple>

namespace outhaul {
namespace {

struct Identity {
  std::uint64_t inode = 0, size = 0, dev = 0;
  std::int64_t mtime_ns = 0;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

Identity identity_of(const Entry& entry) {
  return {entry.inode, entry.size, entry.dev, entry.mtime_ns};
}

/// A stored file that leaves its name.
struct Source {
  Identity identity;
  std::size_t draft = 0;
  bool used = false;
  std::size_t used_ahead = 0;  ///< in the first one of an identity: so many are used from there on
};

bool goes_away(const Action& action) {
  const bool leaves = action.kind == ActionKind::remove || action.kind == ActionKind::retire;
  return leaves && action.entry.inode != 0 && action.entry.object != kNoObject;
}

bool is_dropped(const Action& action) {
  return action.entry.path.empty();
}

bool arrives(const Action& action) {
  return action.kind == ActionKind::upload &&
         (action.reason == Reason::added || action.reason == Reason::type_changed);
}

class Pairing {
 public:
  Pairing(std::vector<Action>& drafts, const std::vector<DeviceChange>& devices, const RemoteModes& modes)
      : drafts_(drafts), devices_(devices), modes_(modes) {}

  void run() {
    collect();
    if (sources_.empty()) return;
    for (Action& action : drafts_)
      if (arrives(action)) find_source(action);
  }

 private:
  void collect() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Action& action = drafts_[i];
      if (is_dropped(action)) continue;
      if (action.kind == ActionKind::remove_dir) leaving_dirs_.push_back(action.entry.path.bytes());
      if (!goes_away(action)) continue;
      sources_.push_back({identity_of(action.entry), i});
      sources_.back().identity.dev = device_today(action.entry.dev);
    }
    std::sort(sources_.begin(), sources_.end(), [](const Source& a, const Source& b) {
      return std::tie(a.identity, a.draft) < std::tie(b.identity, b.draft);
    });
  }

  std::uint64_t device_today(std::uint64_t stored) const {
    const auto found = std::find_if(devices_.begin(), devices_.end(),
                                    [&](const DeviceChange& d) { return d.stored == stored; });
    return found == devices_.end() ? stored : found->scanned;
  }

  void find_source(Action& target) {
    const Identity wanted = identity_of(target.entry);
    const auto group = std::lower_bound(sources_.begin(), sources_.end(), wanted,
                                        [](const Source& s, const Identity& id) { return s.identity < id; });
    const auto in_group = [&](auto source) { return source != sources_.end() && source->identity == wanted; };
    if (!in_group(group)) return;
    // Thousands of hard links to one inode may have moved together.
    auto source = group + static_cast<std::ptrdiff_t>(group->used_ahead);
    for (; in_group(source) && source->used; ++source) ++group->used_ahead;
    for (; in_group(source); ++source) {
      if (source->used || !can_move(drafts_[source->draft], target)) continue;
      source->used = true;
      return make_move(drafts_[source->draft], target);
    }
  }

  /// A move into a name that is free only after the removals would come too late for a removal that waits for
  /// the source to go: of the directory that it lies in, or because its own name is wanted.
  bool can_move(const Action& source, const Action& target) const {
    if (!target.after_removals) return true;
    return source.reason != Reason::in_the_way &&
           !std::binary_search(leaving_dirs_.begin(), leaving_dirs_.end(), source.entry.path.parent());
  }

  void make_move(Action& source, Action& target) const {
    target.kind = ActionKind::move;
    target.reason = Reason::moved;
    target.entry.object = source.entry.object;
    target.from = std::move(source.entry.path);
    target.mode = mode_to_change(modes_, target.entry.kind, source.entry.mode, target.entry.mode);
    source.entry.path = {};
  }

  std::vector<Action>& drafts_;
  const std::vector<DeviceChange>& devices_;
  const RemoteModes& modes_;
  std::vector<Source> sources_;                 ///< by identity, then by path
  std::vector<std::string_view> leaving_dirs_;  ///< into drafts_, in path order
};

}  // namespace

void pair_moves(std::vector<Action>& drafts, const std::vector<DeviceChange>& devices, const RemoteModes& modes) {
  Pairing(drafts, devices, modes).run();
}

}  // namespace outhaul
