#include "execute/expiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "execute/intents.h"
#include "outhaul/names.h"
#include "plan/retention.h"

namespace outhaul {
namespace {

constexpr std::size_t kGarbageBatch = 500;
/// Refusals that are told one by one; an account that may not delete refuses them all.
constexpr std::uint64_t kToldOneByOne = 10;

}  // namespace

std::vector<RemotePath> version_dirs_above(const std::vector<RemotePath>& names) {
  const RemotePath top = RemotePath::parse(kVersionsDir);
  std::set<RemotePath> dirs;
  for (const RemotePath& name : names)
    for (RemotePath dir = name.parent(); dir != top && dir.is_at_or_below(top); dir = dir.parent())
      if (!dirs.insert(dir).second) break;
  return {dirs.rbegin(), dirs.rend()};  // a directory sorts before what is in it
}

void Expiry::run(const CancelToken& cancel) {
  ObjectId last = kNoObject;
  while (!cancel.cancelled() && !context_.tally.stopped()) {
    std::vector<StoredObject> batch = context_.state.garbage(context_.job_id, last, kGarbageBatch);
    if (batch.empty()) break;
    last = batch.back().id;
    std::erase_if(batch, [this](const StoredObject& object) {
      return std::ranges::any_of(problems_, [&](const OpenProblem& problem) {
        return may_be_about(problem, object.retired_run, object.size);
      });
    });
    if (!batch.empty()) remove(batch);
  }
  if (refused_ > kToldOneByOne)
    context_.tally.problem(
        Problem::Severity::error, {},
        fmt::format("{} more versions could not be deleted either", refused_ - kToldOneByOne));
}

void Expiry::remove(const std::vector<StoredObject>& batch) {
  std::vector<Intent> intents;
  std::vector<Command> commands;
  std::vector<RemotePath> names;
  for (const StoredObject& object : batch) {
    intents.push_back({Intent::Kind::expire, {}, {}, object.remote_name, object.id});
    commands.push_back(RemoveFile{object.remote_name});
    names.push_back(object.remote_name);
  }
  for (const RemotePath& dir : version_dirs_above(names)) commands.push_back(RemoveDir{dir});
  intend(context_, intents);
  const std::vector<CommandResult> results = context_.commands.run(commands);
  Transaction transaction = context_.state.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto status = results[i].status;
    if (status != CommandResult::Status::done && status != CommandResult::Status::missing) {
      refused(batch[i], results[i]);
      continue;
    }
    context_.state.retire_object(batch[i].id, context_.run, State::Fate::gone);
    ++context_.tally.done().expired;
    context_.tally.done().expired_bytes += batch[i].size;
  }
  context_.state.clear_intents(context_.job_id);
  transaction.commit();
}

void Expiry::refused(const StoredObject& object, const CommandResult& result) {
  if (++refused_ > kToldOneByOne) return;
  context_.tally.problem(Problem::Severity::error, {},
                         fmt::format("the version \"{}\" is not needed any more, but can't be deleted: {}",
                                     printable(object.remote_name.wire()), result.reply_text),
                         "Check the account's permissions there; the next run tries again.");
}

}  // namespace outhaul
