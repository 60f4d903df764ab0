// Publications that were cut off while what they replace was on its way to its place among the versions. At
// every instant the old object stands either under its final name or under its version's, and a version's
// name is nobody else's: whatever stands there is the old object.
#include <fmt/format.h>

#include "execute/publisher.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

bool is_told(const CommandResult& size) {
  return size.status == Status::done || size.status == Status::missing;
}

}  // namespace

void Publisher::settle_retiring(const Part& part) {
  const std::optional<StoredObject> object = context_.state.object(part.replaced);
  if (!object) throw Error(ErrorKind::internal, "the ledger names an object that the state has never had");
  Retirement old{*object, part.aside_name, Retirement::Outcome::pending, {}};
  const std::vector<CommandResult> sizes =
      context_.commands.run({SizeOf{part.aside_name}, SizeOf{part.part_name}});
  if (!is_told(sizes[0]) || !is_told(sizes[1])) {
    const CommandResult& mute = is_told(sizes[0]) ? sizes[1] : sizes[0];
    context_.tally.stop(
        FailureClass::stop_job,
        fmt::format("nobody can tell whether the copy of \"{}\" stands under its name or at \"{}\": {}",
                    printable(part.path.bytes()), printable(part.aside_name.wire()), mute.reply_text),
        "A run was cut off while it made a version of it. Check the account's permissions below .outhaul; "
        "this job waits until the server answers.");
    return;
  }
  if (sizes[0].status == Status::done) old.outcome = Retirement::Outcome::retired;
  if (!finish_retiring(part, old, sizes[1])) {
    // Neither part nor version: somebody took one of them away, and equal sizes don't tell which.
    const bool unclear = old.outcome == Retirement::Outcome::pending && sizes[1].status == Status::missing &&
                         old.object.size == part.source.size;
    return stay_unpublished(part, old, unclear);
  }
  const std::optional<Entry> entry = context_.state.entry(context_.job_id, part.path);
  Transaction transaction = context_.state.begin();
  if (old.outcome == Retirement::Outcome::retired)
    context_.state.retire(old.object.id, context_.run, old.version);
  record_settled(part, entry);
  transaction.commit();
  if (old.outcome == Retirement::Outcome::retired) ++context_.tally.done().superseded;
}

/// True when the new object stands under the final name. `sent`: what there is under the part name.
bool Publisher::finish_retiring(const Part& part, Retirement& old, const CommandResult& sent) {
  if (sent.status == Status::done) {
    if (!part.sha256 || sent.size != part.source.size) return false;
    if (old.outcome == Retirement::Outcome::pending) {
      Retirement* const one = &old;
      context_.retirer.carry_out(context_.commands, std::span(&one, 1));
      if (old.outcome == Retirement::Outcome::refused) return false;
    }
    CommandResult renamed = context_.commands.run_one(Rename{part.part_name, part.final_name});
    return renamed.status == Status::done ||
           mend_rename({part.object, part.part_name, part.final_name, part.source.size, true}, renamed);
  }
  // The part is gone from its name: it was renamed, if what stands under the final name can't be the old one.
  if (!part.sha256 || !holds(part.final_name, part.source.size)) return false;
  return old.outcome == Retirement::Outcome::retired || old.object.size != part.source.size;
}

/// The old object gets its name back, or is a version. Where the server has it under neither, or it is
/// unclear what stands under the final name, the state calls nothing stored there.
void Publisher::stay_unpublished(const Part& part, const Retirement& old, bool unclear) {
  const bool away = old.outcome == Retirement::Outcome::retired && !take_back(context_.commands, old);
  const bool lost = !away && (unclear || !holds(old.object.remote_name, old.object.size));
  State& state = context_.state;
  std::optional<Entry> entry = state.entry(context_.job_id, part.path);
  Transaction transaction = state.begin();
  if (away) state.retire(old.object.id, context_.run, old.version);
  if (lost) state.retire_object(old.object.id, context_.run, State::Fate::gone);
  if ((away || lost) && entry && entry->object == old.object.id) {
    entry->object = kNoObject;
    state.record(context_.job_id, context_.run, *entry);
  }
  state.set_part_stage(part.object, Part::Stage::sending);
  transaction.commit();
}

}  // namespace outhaul
