#include "adopt/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/digest.h"
#include "outhaul/shown.h"
#include "plan/subtrees.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

std::vector<CommandResult> run(Commands& commands, const std::vector<RemotePath>& paths, bool dirs) {
  std::vector<Command> batch;
  for (const RemotePath& path : paths)
    batch.push_back(dirs ? Command{RemoveDir{path}} : Command{RemoveFile{path}});
  return commands.run(batch);
}

}  // namespace

void Foreign::doubt(std::string why) {
  if (doubt_.empty()) doubt_ = std::move(why);
}

void Foreign::scanned(const ScanProblem& problem) {
  if (casts_doubt(problem.kind))
    doubt(fmt::format("\"{}\" in the source could not be seen ({})", printable(problem.path.bytes()),
                      problem.message));
}

void Foreign::listed(const RemotePath& dir, const Listing& listing) {
  if (!listing.untrusted.empty())
    doubt(fmt::format("the listing of {} can't be trusted ({})", shown(dir), listing.untrusted));
}

std::string Foreign::id() const {
  std::vector<std::string> names;
  for (const RemotePath& path : files_) names.push_back("f" + path.wire());
  for (const RemotePath& path : dirs_) names.push_back("d" + path.wire());
  std::ranges::sort(names);
  Sha256 hash;
  for (const std::string& name : names) {
    hash.update(name);
    hash.update(std::string_view("\0", 1));
  }
  return to_hex(hash.finish()).substr(0, 12);
}

void Foreign::spare(const State& state, JobId job) {
  std::unordered_set<std::string> known;
  const auto entries = state.entries(job);
  for (Entry entry; entries->next(entry);)
    if (entry.object != kNoObject)
      if (const auto object = state.object(entry.object)) known.insert(object->remote_name.wire());
  std::erase_if(files_, [&](const RemotePath& path) {
    return known.contains(path.wire()) || state.kept_at(path).has_value();
  });
}

Foreign::Outcome Foreign::remove(Commands& commands) {
  Outcome outcome;
  const std::vector<CommandResult> files = run(commands, files_, false);
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (files[i].status == Status::done)
      ++outcome.files;
    else
      outcome.failed.emplace_back(files_[i], files[i].reply_text);
  // A directory sorts before what is in it.
  std::sort(dirs_.rbegin(), dirs_.rend());
  const std::vector<CommandResult> dirs = run(commands, dirs_, true);
  for (std::size_t i = 0; i < dirs_.size(); ++i)
    if (dirs[i].status != Status::done) outcome.failed.emplace_back(dirs_[i], dirs[i].reply_text);
  return outcome;
}

}  // namespace outhaul
