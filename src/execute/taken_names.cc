#include "execute/taken_names.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <unordered_set>

#include "outhaul/error.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

/// So many names are held at a time.
constexpr std::size_t kAtOnce = 10'000;
/// Asked for by SIZE, in all, where a listing is refused or can't be trusted: one round trip each.
constexpr std::size_t kMostAsked = 200;

/// As servers say it of a directory that is there, but may not be listed.
bool says_denied(std::string_view reply) {
  std::string text(reply);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::any_of(std::array{"denied", "permi", "forbidden", "not allowed"},
                             [&](const char* word) { return text.find(word) != std::string::npos; });
}

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
      if (says_denied(error.reply_text())) ask_below(dir);
      return;  // else it isn't there
    }
    for (const RemoteEntry& entry : listing.entries) take(dir, entry);
    if (!listing.untrusted.empty()) ask_below(dir);
  }

  void take(const RemotePath& dir, const RemoteEntry& entry) {
    RemotePath name;
    try {
      name = dir / RemotePath::parse(entry.name);
    } catch (const Error&) {
      return;  // bytes that no name of ours has on the remote
    }
    const bool may_be_dir =
        entry.kind == RemoteEntry::Kind::directory || entry.kind == RemoteEntry::Kind::symlink;
    if (may_be_dir && dirs_.contains(name)) open_.push_back(name);
    if (entry.kind != RemoteEntry::Kind::directory) files_.insert(name.wire());
  }

  /// Of the plan's files in this directory those that no listing has shown.
  void ask_below(const RemotePath& dir) {
    std::vector<Command> questions;
    std::vector<std::string> names;
    for (const Action& action : plan_.actions) {
      if (action.kind != ActionKind::upload || asked_ == kMostAsked) continue;
      const RemotePath name = name_of(action);
      if (name.parent() != dir || files_.contains(name.wire())) continue;
      questions.emplace_back(SizeOf{name});
      names.push_back(name.wire());
      ++asked_;
    }
    if (questions.empty()) return;
    const std::vector<CommandResult> answers = commands_.run(questions);
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i].status == CommandResult::Status::done) files_.insert(names[i]);
  }

  void compare() {
    if (files_.empty()) return;
    for (const Action& action : plan_.actions) {
      if (action.kind != ActionKind::upload) continue;
      const RemotePath name = name_of(action);
      if (!files_.contains(name.wire())) continue;
      ++found_.count;
      found_.some.push_back(name);
    }
  }

  Commands& commands_;
  const Job& job_;
  const Plan& plan_;
  std::set<RemotePath> dirs_;
  std::deque<RemotePath> open_;
  std::unordered_set<std::string> files_;
  TakenNames found_;
  std::size_t asked_ = 0;
};

}  // namespace

TakenNames find_taken_names(Commands& commands, const Job& job, const Plan& plan) {
  return Look(commands, job, plan).run();
}

}  // namespace outhaul
