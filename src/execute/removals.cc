#include "execute/removals.h"

#include <fmt/format.h>

#include <algorithm>

#include "execute/intents.h"
#include "outhaul/counted.h"
#include "outhaul/error.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

/// Removals that are committed together.
constexpr std::size_t kRemovalBatch = 500;

template <typename Each>
void in_batches(const std::vector<const Action*>& actions, Each each) {
  for (std::size_t begin = 0; begin < actions.size(); begin += kRemovalBatch)
    each(std::span(actions).subspan(begin, std::min(kRemovalBatch, actions.size() - begin)));
}

}  // namespace

void Removals::end(const Action& action, State::Fate fate) {
  if (action.entry.object != kNoObject) context_.state.retire_object(action.entry.object, context_.run, fate);
  context_.state.forget(context_.job_id, context_.run, action.entry.path);
}

void Removals::forget(const std::vector<const Action*>& actions) {
  in_batches(actions, [&](std::span<const Action* const> batch) {
    Transaction transaction = context_.state.begin();
    for (const Action* action : batch) end(*action, State::Fate::kept);
    transaction.commit();
    for (const Action* action : batch) {
      if (action->reason == Reason::kept_by_policy && action->entry.kind == EntryKind::file)
        ++context_.tally.done().kept;
      context_.tally.did(ActionKind::forget, action->entry.path);
    }
  });
}

/// Leaves out what lies in a directory below which something failed: the failure may be the new name of the
/// very file.
std::vector<const Action*> Removals::without_doubt(const std::vector<const Action*>& actions) {
  std::vector<const Action*> safe;
  std::uint64_t doubtful = 0;
  for (const Action* action : actions) {
    if (context_.tally.failed_below(RelPath::trusted(std::string(action->entry.path.parent()))))
      ++doubtful;
    else
      safe.push_back(action);
  }
  if (doubtful > 0) {
    context_.tally.done().withheld += doubtful;
    context_.tally.problem(
        Problem::Severity::note, {},
        fmt::format("{} put off, because something failed in or below the same directories",
                    doubtful == 1 ? "1 removal is" : counted(doubtful, "removal") + " are"));
  }
  return safe;
}

void Removals::retire_files(const std::vector<const Action*>& actions) {
  in_batches(without_doubt(actions), [this](std::span<const Action* const> batch) {
    context_.job.append_only ? keep_in_place(batch) : retire_batch(batch);
  });
}

/// A version under the name that it always had.
void Removals::keep_in_place(std::span<const Action* const> batch) {
  Transaction transaction = context_.state.begin();
  for (const Action* action : batch) {
    const std::optional<StoredObject> object = context_.state.object(action->entry.object);
    if (object) context_.state.retire(object->id, context_.run, object->remote_name);
    context_.state.forget(context_.job_id, context_.run, action->entry.path);
  }
  transaction.commit();
  for (const Action* action : batch) {
    ++(action->kind == ActionKind::retire ? context_.tally.done().retired : context_.tally.done().removed);
    context_.tally.did(action->kind, action->entry.path, action->entry.size);
  }
}

void Removals::retire_batch(std::span<const Action* const> batch) {
  std::vector<Retirement> retirements;
  std::vector<Retirement*> all;
  std::vector<Intent> intents;
  for (const Action* action : batch) {
    const std::optional<StoredObject> object = context_.state.object(action->entry.object);
    if (!object) throw Error(ErrorKind::internal, "the plan names an object that the state has never had");
    retirements.push_back(context_.retirer.begin(context_.commands, *object));
    intents.push_back({Intent::Kind::retire, action->entry.path, {}, retirements.back().version, object->id});
  }
  for (Retirement& retirement : retirements) all.push_back(&retirement);
  intend(context_, intents);
  context_.retirer.carry_out(context_.commands, all);
  Transaction transaction = context_.state.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) retired(*batch[i], retirements[i]);
  context_.state.clear_intents(context_.job_id);
  transaction.commit();
}

/// It stays, which is no reason for anything else to stay; but what waits for its name waits on.
void Removals::refused(const Action& action, std::string message, std::string advice) {
  if (action.reason == Reason::in_the_way)
    return context_.tally.failed(action.entry.path, std::move(message), std::move(advice));
  context_.tally.problem(Problem::Severity::error, action.entry.path, std::move(message), std::move(advice));
}

/// In the caller's Transaction.
void Removals::retired(const Action& action, const Retirement& retirement) {
  const RelPath& path = action.entry.path;
  switch (retirement.outcome) {
    case Retirement::Outcome::retired:
      context_.state.retire(retirement.object.id, context_.run, retirement.version);
      context_.state.forget(context_.job_id, context_.run, path);
      ++context_.tally.done().retired;
      return context_.tally.did(ActionKind::retire, path, action.entry.size);
    case Retirement::Outcome::missing:
      end(action, State::Fate::gone);
      return context_.tally.problem(
          Problem::Severity::warning, path,
          fmt::format(
              "it left the source, but was no longer on the remote at \"{}\", so there is no version of "
              "it",
              printable(retirement.object.remote_name.wire())),
          "Something else than outhaul removes files there.");
    default:
      return refused(
          action,
          fmt::format("it left the source, but can't be renamed to \"{}\" on the remote: {}",
                      printable(retirement.version.wire()), retirement.reply_text),
          "Check that the account may make directories and rename files below .outhaul/versions; the next "
          "run "
          "tries again.");
  }
}

void Removals::remove_files(const std::vector<const Action*>& actions) {
  const std::vector<const Action*> safe = without_doubt(actions);
  in_batches(safe, [&](std::span<const Action* const> batch) {
    if (context_.job.append_only) return keep_in_place(batch);
    std::vector<Command> commands;
    for (const Action* action : batch) {
      const std::optional<StoredObject> object = context_.state.object(action->entry.object);
      commands.push_back(
          RemoveFile{object ? object->remote_name
                            : remote_path_for(context_.job.target, action->entry.path, context_.job.names)});
    }
    intend(context_, batch, commands);
    const std::vector<CommandResult> results = context_.commands.run(commands);
    Transaction transaction = context_.state.begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto status = results[i].status;
      if (status != CommandResult::Status::done && status != CommandResult::Status::missing) {
        refused(*batch[i], fmt::format("could not be removed from the remote: {}", results[i].reply_text),
                "Check the account's permissions there; the next run tries again.");
        continue;
      }
      end(*batch[i], State::Fate::gone);
      ++context_.tally.done().removed;
      context_.tally.did(ActionKind::remove, batch[i]->entry.path, batch[i]->entry.size);
    }
    context_.state.clear_intents(context_.job_id);
    transaction.commit();
  });
}

/// As far as the state knows.
bool Removals::holds_something(const RelPath& dir) const {
  const auto entries = context_.state.entries_below(context_.job_id, dir);
  for (Entry entry; entries->next(entry);)
    if (entry.path != dir) return true;
  return false;
}

/// They stay on the remote with what lies in them.
void Removals::end_dirs(std::span<const Action* const> batch) {
  Transaction transaction = context_.state.begin();
  for (const Action* action : batch) context_.state.forget(context_.job_id, context_.run, action->entry.path);
  transaction.commit();
  for (const Action* action : batch) {
    ++context_.tally.done().dirs_removed;
    context_.tally.did(ActionKind::remove_dir, action->entry.path);
  }
}

void Removals::remove_dirs(const std::vector<const Action*>& actions) {
  std::vector<const Action*> safe;
  for (const Action* action : actions)
    if (!context_.tally.failed_below(action->entry.path)) safe.push_back(action);
  in_batches(safe, [&](std::span<const Action* const> batch) {
    if (context_.job.append_only) return end_dirs(batch);
    std::vector<Command> commands;
    for (const Action* action : batch)
      commands.push_back(
          RemoveDir{remote_path_for(context_.job.target, action->entry.path, context_.job.names)});
    intend(context_, batch, commands);
    const std::vector<CommandResult> results = context_.commands.run(commands);
    Transaction transaction = context_.state.begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const RelPath& path = batch[i]->entry.path;
      const auto status = results[i].status;
      if (status == CommandResult::Status::done || status == CommandResult::Status::missing) {
        end(*batch[i], State::Fate::gone);
        ++context_.tally.done().dirs_removed;
        context_.tally.did(ActionKind::remove_dir, path);
      } else if (batch[i]->reason == Reason::in_the_way) {
        context_.tally.failed(
            path,
            fmt::format("the directory is in the way of a file, but stays on the remote: {}",
                        results[i].reply_text),
            "It may hold something that outhaul did not put there: look, and remove it by hand.");
      } else if (!holds_something(path)) {  // else its turn comes when what is in it has gone
        // A refusal of this path is final; any other failure says nothing about it, so the next run asks
        // again.
        if (results[i].failure == FailureClass::skip_file) end(*batch[i], State::Fate::gone);
        context_.tally.problem(Problem::Severity::note, path,
                               fmt::format("the directory stays on the remote: {}", results[i].reply_text),
                               "It may hold something that outhaul did not put there.");
      }
    }
    context_.state.clear_intents(context_.job_id);
    transaction.commit();
  });
}

}  // namespace outhaul
