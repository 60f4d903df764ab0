#include "execute/taken_names.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_set>

#include "outhaul/names.h"

namespace outhaul {
namespace {

/// So many names are held at a time.
constexpr std::size_t kAtOnce = 10'000;
constexpr std::size_t kExamples = 3;

class Look {
 public:
  Look(Commands& commands, const Job& job, const Plan& plan) : commands_(commands), job_(job), plan_(plan) {
    for (const Action& action : plan.actions)
      if (action.entry.kind == EntryKind::directory) dirs_.insert(name_of(action));
    found_.target = job.target;
    open_.push_back(job.target);
  }

  TakenNames run() {
    while (!open_.empty() && found_.count == 0) {
      for (; !open_.empty() && files_.size() < kAtOnce; open_.pop_front()) list(open_.front());
      compare();
      files_.clear();
    }
    return std::move(found_);
  }

 private:
  RemotePath name_of(const Action& action) const {
    return remote_path_for(job_.target, action.entry.path, job_.names);
  }

  void list(const RemotePath& dir) {
    Listing listing;
    try {
      if (!commands_.on_lane([&](Lane& lane) { listing = lane.list(dir); })) return;
    } catch (const RemoteError& error) {
      if (error.failure() != FailureClass::skip_file) throw;
      return;  // it isn't there, or can't be seen
    }
    for (const RemoteEntry& entry : listing.entries) {
      const RemotePath name = dir / RemotePath::parse(entry.name);
      const bool may_be_dir =
          entry.kind == RemoteEntry::Kind::directory || entry.kind == RemoteEntry::Kind::symlink;
      if (may_be_dir && dirs_.contains(name)) open_.push_back(name);
      if (entry.kind != RemoteEntry::Kind::directory) files_.insert(name.wire());
    }
  }

  void compare() {
    if (files_.empty()) return;
    for (const Action& action : plan_.actions) {
      if (action.kind != ActionKind::upload) continue;
      const RemotePath name = name_of(action);
      if (!files_.contains(name.wire())) continue;
      if (++found_.count <= kExamples) found_.some.push_back(name);
    }
  }

  Commands& commands_;
  const Job& job_;
  const Plan& plan_;
  std::set<RemotePath> dirs_;
  std::deque<RemotePath> open_;
  std::unordered_set<std::string> files_;
  TakenNames found_;
};

}  // namespace

TakenNames find_taken_names(Commands& commands, const Job& job, const Plan& plan) {
  return Look(commands, job, plan).run();
}

}  // namespace outhaul
