// Under which names uploads are sent: parts that are renamed, or, append-only, names of their own for good.
#include <fmt/format.h>

#include <span>

#include "execute/transfers.h"
#include "outhaul/increment.h"
#include "outhaul/names.h"

namespace outhaul {

/// In the caller's Transaction: a row in the ledger, under a part's name or the object's own.
void Transfers::begin(Task& task) {
  const Entry& entry = task.action->entry;
  const bool own = context_.names != nullptr;
  task.sent = 0;
  task.part = own ? context_.names->name_for(entry.path, task.attempt)
                  : RemotePath::parse(fmt::format("{}{}.part", part_prefix_, ++part_count_));
  const RemotePath name =
      own ? task.part : remote_path_for(context_.job.target, entry.path, context_.job.names);
  task.object = context_.state.begin_object(context_.job_id, context_.run, entry.path, name, task.part,
                                            fingerprint_of(entry));
}

/// The rules for names may have changed since.
bool Transfers::goes_on_with(const Part& left, const Action& action) const {
  if (left.source != fingerprint_of(action.entry)) return false;
  if (context_.names != nullptr) return context_.names->is_one(left);
  return left.final_name == remote_path_for(context_.job.target, action.entry.path, context_.job.names);
}

/// Append-only: what may be under the old name stays there. False when it is no use to go on; that was told.
bool Transfers::give_new_name(Task& task, const std::string& why) {
  if (task.attempt >= kMostAttempts) {
    const std::string message =
        fmt::format("it could not be sent in one piece under any of {} names: {}", task.attempt, why);
    context_.tally.failed(
        task.action->entry, message,
        "The server lets nothing be continued or overwritten, so each attempt begins anew: a better line or "
        "an account that may resume (REST or APPE) helps.");
    return false;
  }
  if (context_.names == nullptr) give_up_part(task);
  Transaction transaction = context_.state.begin();
  if (context_.names != nullptr) context_.state.abandon_part(task.object);
  ++task.attempt;
  begin(task);
  transaction.commit();
  task.resume = task.touched = task.spoiled = false;
  if (context_.names != nullptr)
    context_.names->make_dirs(context_.connections.commands(), std::span(&task, 1));
  return true;
}

/// A part that a server has spoiled is never sent to again: what still has it open there may write, or take
/// it away, when it is closed. One that can't be removed now is removed by a later run, and never gone on
/// with.
void Transfers::give_up_part(const Task& task) {
  const CommandResult removed = context_.connections.commands().run_one(RemoveFile{task.part});
  const bool gone =
      removed.status == CommandResult::Status::done || removed.status == CommandResult::Status::missing;
  Transaction transaction = context_.state.begin();
  if (gone)
    context_.state.drop_part(task.object);
  else
    context_.state.set_part_sent(task.object, 0);
  transaction.commit();
}

/// Nothing can be removed: what is there is known as what it is.
void Transfers::abandon_leftovers() {
  Transaction transaction = context_.state.begin();
  for (const auto& leftover : leftovers_) context_.state.abandon_part(leftover.second.object);
  transaction.commit();
  leftovers_.clear();
}

}  // namespace outhaul
