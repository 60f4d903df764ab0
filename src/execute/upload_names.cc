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

/// What may be under the old name stays there. False when it is no use to go on; that was told.
bool Transfers::give_new_name(Task& task, const std::string& why) {
  if (task.attempt >= kMostAttempts) {
    context_.tally.failed(
        task.action->entry,
        fmt::format("it could not be sent in one piece under any of {} names: {}", task.attempt, why),
        "The server lets nothing be continued or overwritten, so each attempt begins anew: a better line or "
        "an account that may resume (REST or APPE) helps.");
    return false;
  }
  Transaction transaction = context_.state.begin();
  context_.state.abandon_part(task.object);
  ++task.attempt;
  begin(task);
  transaction.commit();
  task.resume = task.touched = false;
  context_.names->make_dirs(context_.connections.commands(), std::span(&task, 1));
  return true;
}

/// Nothing can be removed: what is there is known as what it is.
void Transfers::abandon_leftovers() {
  Transaction transaction = context_.state.begin();
  for (const auto& leftover : leftovers_) context_.state.abandon_part(leftover.second.object);
  transaction.commit();
  leftovers_.clear();
}

}  // namespace outhaul
