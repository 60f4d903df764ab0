#include "execute/publisher.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nanoseconds.h"
#include "execute/content_proof.h"
#include "execute/modes.h"
#include "execute/proof.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

constexpr int kProofTries = 3;
/// Of a publication that an earlier run began: the most private one.
constexpr std::uint32_t kSettledMode = 0600;

RemotePath aside_name_for(const RemotePath& part) {
  return RemotePath::parse(part.wire() + ".old");
}

}  // namespace

CommandResult make_dirs(Commands& commands, const RemotePath& dir) {
  CommandResult made = commands.run_one(MakeDir{dir});
  if (made.status == CommandResult::Status::done || dir.empty()) return made;
  if (const CommandResult above = make_dirs(commands, dir.parent());
      above.status != CommandResult::Status::done)
    return above;
  return commands.run_one(MakeDir{dir});
}

std::vector<Task> Publisher::publish(std::vector<Outcome> sent) {
  std::vector<Item> items;
  for (Outcome& outcome : sent) {
    RemotePath final_name =
        outcome.task.once
            ? outcome.task.part
            : remote_path_for(context_.job.target, outcome.task.action->entry.path, context_.job.names);
    items.push_back({std::move(outcome), std::move(final_name), false, {}});
  }
  std::vector<Task> again = prove(items);
  if (items.empty()) return again;
  find_old(items);
  if (context_.job.append_only) {
    for (Item& item : items) item.published = true;  // and what they replace stays where it is
    set_modes_of(items);  // a run that is cut off after it was recorded would never do it
    record(items);
    set_times(items);
    return again;
  }
  begin(items);
  retire_old(items);
  rename(items, again);
  record(items);
  return again;
}

std::vector<Task> Publisher::prove(std::vector<Item>& items) {
  std::vector<const Outcome*> sent;
  for (const Item& item : items) sent.push_back(&item.sent);
  const std::vector<Verdict> verdicts = judge_uploads(context_.commands, context_.job.proof, sent);

  std::vector<Task> again;
  std::vector<Item> proven;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Item& item = items[i];
    const Verdict& verdict = verdicts[i];
    const Entry& entry = item.sent.entry;
    if (verdict.proven) {
      proven.push_back(std::move(item));
    } else if (verdict.final) {
      context_.tally.failed(entry, fmt::format("sent, but {}", verdict.finding), verdict.advice);
    } else if (!send_again(item, again, verdict.short_of_it && item.sent.task.tries == 0, verdict.finding)) {
      context_.tally.failed(
          entry, fmt::format("the server accepted the upload {} times, but {}", kProofTries, verdict.finding),
          verdict.advice);
    }
  }
  items = std::move(proven);
  return again;
}

/// False when it was sent often enough. `resume`: an end of the data connection that came too early looks
/// like the file's to the server. Once: what it has may be wrong in other ways, too. `finding`: what a proof
/// of it found; of an upload that was gone on with, the resume is to blame.
bool Publisher::send_again(const Item& item, std::vector<Task>& again, bool resume,
                           const std::string& finding) {
  if (item.sent.task.tries + 1 >= kProofTries) return false;
  Task task = item.sent.task;
  ++task.tries;
  task.spoiled = !finding.empty() && item.sent.resumed > 0;
  if (task.spoiled) {
    const Remark remark =
        remark_on_wrong_resume("it accepted the rest, but " + finding, item.sent.entry.size);
    context_.tally.problem(remark.severity, task.action->entry.path, remark.message, remark.advice);
  }
  task.resume = resume && !task.spoiled;
  ++context_.tally.done().retries;
  again.push_back(std::move(task));
  return true;
}

/// The entry's object, or what on_removal "keep" left under the name.
void Publisher::find_old(std::vector<Item>& items) {
  if (!context_.job.keeps_versions()) return;
  for (Item& item : items) {
    const std::optional<Entry> entry =
        context_.state.entry(context_.job_id, item.sent.task.action->entry.path);
    const std::optional<StoredObject> old = replaces_an_object(entry)
                                                ? context_.state.object(entry->object)
                                                : context_.state.kept_at(item.final_name);
    if (!old) continue;
    item.old = context_.job.append_only ? Retirement{*old, old->remote_name, Retirement::Outcome::retired, {}}
                                        : context_.retirer.begin(context_.commands, *old);
  }
}

/// For a person with a stock client. Where the account may not, it is nothing: the state has every time.
void Publisher::set_times(const std::vector<Item>& items) {
  if (!context_.job.preserve_mtime) return;
  std::vector<Command> commands;
  for (const Item& item : items)
    commands.push_back(SetMtime{item.final_name, floor_seconds(item.sent.entry.mtime_ns)});
  context_.commands.run(commands);
}

void Publisher::set_modes_of(const std::vector<Item>& items) {
  std::vector<ModeToSet> modes;
  for (const Item& item : items)
    if (const std::optional<SetMode> mode = mode_of(item)) modes.push_back({item.sent.entry.path, *mode});
  set_modes(context_.commands, context_.tally, modes);
}

std::optional<SetMode> Publisher::mode_of(const Item& item) const {
  const Entry& entry = item.sent.entry;
  const auto mode = mode_to_set(context_.job.remote_modes, entry.kind, entry.mode);
  return mode ? std::optional(SetMode{item.sent.task.part, *mode}) : std::nullopt;
}

void Publisher::begin(std::vector<Item>& items) {
  State& state = context_.state;
  Transaction transaction = state.begin();
  for (Item& item : items) {
    Task& task = item.sent.task;
    const Fingerprint read = fingerprint_of(item.sent.entry);
    if (read != fingerprint_of(task.action->entry)) {
      // The file changed between scan and upload: the ledger must speak of what was really sent.
      state.drop_part(task.object);
      task.object = state.begin_object(context_.job_id, context_.run, item.sent.entry.path, item.final_name,
                                       task.part, read);
    }
    if (item.old)
      state.begin_publication(task.object, item.sent.digest, item.old->version, item.old->object.id);
    else
      state.begin_publication(task.object, item.sent.digest);
  }
  transaction.commit();
}

/// One batch ahead of the renames, for all of them. What can't be kept is not replaced.
void Publisher::retire_old(std::vector<Item>& items) {
  std::vector<Retirement*> retirements;
  for (Item& item : items)
    if (item.old) retirements.push_back(&*item.old);
  if (retirements.empty()) return;
  context_.retirer.carry_out(context_.commands, retirements);
  std::erase_if(items, [&](const Item& item) {
    if (!item.old || item.old->outcome != Retirement::Outcome::refused) return false;
    context_.tally.failed(
        item.sent.entry,
        fmt::format("not replaced, because the copy from before can't be kept as a version: it can't be "
                    "renamed to \"{}\": {}",
                    printable(item.old->version.wire()), item.old->reply_text),
        "Check that the account may make directories and rename files below .outhaul/versions. Without "
        "versions (\"on_removal\": \"delete\" or \"keep\") old copies are overwritten.");
    return true;
  });
}

void Publisher::rename(std::vector<Item>& items, std::vector<Task>& again) {
  // Time and permissions are set on the part, so that whatever stands under the final name has them from its
  // first moment.
  std::vector<Command> commands;
  std::vector<std::size_t> renames;
  for (const Item& item : items) {
    if (context_.job.preserve_mtime)
      commands.push_back(SetMtime{item.sent.task.part, floor_seconds(item.sent.entry.mtime_ns)});
    if (const std::optional<SetMode> mode = mode_of(item)) commands.emplace_back(*mode);
    renames.push_back(commands.size());
    commands.push_back(Rename{item.sent.task.part, item.final_name});
  }
  const std::vector<CommandResult> results = context_.commands.run(commands);
  std::vector<Item*> doubtful;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const CommandResult& renamed = results[renames[i]];
    if (renames[i] > 0 && std::holds_alternative<SetMode>(commands[renames[i] - 1]))
      judge_mode(context_.tally, items[i].sent.entry.path, results[renames[i] - 1]);
    if (renamed.out_of_step) {
      doubtful.push_back(&items[i]);
      continue;
    }
    items[i].published = renamed.status == CommandResult::Status::done || mend_rename(items[i], renamed);
    if (!items[i].published) restore_old(items[i]);
  }
  if (!doubtful.empty()) prove_contents(doubtful, again);
}

/// Parts that were renamed while the server's replies were out of step. A server that mixes commands up may
/// have put any of them under the name of another, with as good a reply as any.
void Publisher::prove_contents(std::span<Item* const> items, std::vector<Task>& again) {
  doubt(items);
  std::vector<ExpectedContent> expected;
  for (const Item* item : items)
    expected.push_back({item->final_name, item->sent.entry.size, item->sent.digest});
  const std::vector<FoundContent> found = look_at_contents(context_.commands, expected);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i]->published = found[i] == FoundContent::same;
    if (items[i]->published || send_again(*items[i], again)) continue;
    context_.tally.failed(
        items[i]->sent.entry.path,
        fmt::format(
            "sent, but the server's replies went out of step while it was renamed to \"{}\", and what "
            "stands there now is not it, or can't be read back",
            printable(items[i]->final_name.wire())),
        "The server mixes up commands: ask the provider for another one. The next run sends the file again.");
  }
}

/// Written down before anybody looks: whoever goes on after a crash must not take a size for the content.
void Publisher::doubt(std::span<Item* const> items) {
  State& state = context_.state;
  Transaction transaction = state.begin();
  for (Item* item : items) {
    item->doubted = true;
    const bool retired = item->old && item->old->outcome == Retirement::Outcome::retired;
    if (retired) state.retire(item->old->object.id, context_.run, item->old->version);
    std::optional<Entry> entry = state.entry(context_.job_id, item->sent.task.action->entry.path);
    if (replaces_an_object(entry)) {
      if (!retired) state.retire_object(entry->object, context_.run, State::Fate::gone);
      entry->object = kNoObject;
      state.record(context_.job_id, context_.run, *entry);
    }
    state.set_part_stage(item->sent.task.object, Part::Stage::sending);
  }
  transaction.commit();
}

/// The new copy can't take the name: the old one gets it back. When even that fails, the old one is a
/// version, and the tree has no copy until the next run.
void Publisher::restore_old(Item& item) {
  if (!item.old || item.old->outcome != Retirement::Outcome::retired) return;
  if (take_back(context_.commands, *item.old)) return;
  State& state = context_.state;
  const RelPath& path = item.sent.task.action->entry.path;
  Transaction transaction = state.begin();
  state.retire(item.old->object.id, context_.run, item.old->version);
  if (std::optional<Entry> entry = state.entry(context_.job_id, path)) {
    entry->object = kNoObject;
    state.record(context_.job_id, context_.run, *entry);
  }
  state.set_part_stage(item.sent.task.object, Part::Stage::publishing);
  transaction.commit();
}

/// The rename didn't answer "done": look for the reason, mend it where it can be mended.
bool Publisher::mend_rename(Item& item, CommandResult result) {
  const Publication publication{item.sent.task.object, item.sent.task.part, item.final_name,
                                item.sent.entry.size,
                                item.old && item.old->outcome == Retirement::Outcome::retired};
  if (mend_rename(publication, result)) return true;
  context_.tally.failed(
      item.sent.entry,
      fmt::format("stored, but it could not be renamed to \"{}\": {}", printable(item.final_name.wire()),
                  result.reply_text),
      "Check the account's permissions there, and whether something that outhaul did not make "
      "stands under that name. The sent bytes are kept for the next run. An account that may not rename at "
      "all "
      "needs \"append_only\": true.");
  return false;
}

bool Publisher::mend_rename(const Publication& it, CommandResult& result) {
  if (result.status == CommandResult::Status::missing)
    return holds(it.final_name, it.size);  // it may have been carried out before the connection broke
  if (result.status != CommandResult::Status::refused) return false;
  if (make_dirs(context_.commands, it.final_name.parent()).status == CommandResult::Status::done) {
    result = context_.commands.run_one(Rename{it.part, it.final_name});
    if (result.status == CommandResult::Status::done) return true;
  }
  return !it.vacated && rename_by_aside(it);
}

/// For servers that can't rename over an existing name (pain 19): old aside → rename → remove old, journaled.
bool Publisher::rename_by_aside(const Publication& it) {
  Commands& commands = context_.commands;
  if (commands.run_one(SizeOf{it.final_name}).status != CommandResult::Status::done) return false;
  const RemotePath aside = aside_name_for(it.part);
  {
    Transaction transaction = context_.state.begin();
    context_.state.set_part_stage(it.object, Part::Stage::aside, aside);
    transaction.commit();
  }
  return swap_by_aside(it, aside);
}

/// Both names hold a file, and the ledger knows `aside`. True when the new one stands under the final name.
bool Publisher::swap_by_aside(const Publication& it, const RemotePath& aside) {
  Commands& commands = context_.commands;
  if (commands.run_one(Rename{it.final_name, aside}).status == CommandResult::Status::refused) return false;
  const CommandResult renamed = commands.run_one(Rename{it.part, it.final_name});
  const bool in_place = renamed.status == CommandResult::Status::done ||
                        (renamed.status == CommandResult::Status::missing && holds(it.final_name, it.size));
  if (!in_place) {
    commands.run_one(Rename{aside, it.final_name});  // when this fails too, settle() goes on with it
    return false;
  }
  commands.run_one(RemoveFile{aside});
  return true;
}

void Publisher::record(std::vector<Item>& items) {
  Transaction transaction = context_.state.begin();
  for (const Item& item : items) {
    if (!item.published) continue;
    Entry entry = item.sent.entry;
    entry.object = item.sent.task.object;
    if (!item.doubted && item.old && item.old->outcome == Retirement::Outcome::retired)
      context_.state.retire(item.old->object.id, context_.run, item.old->version);
    context_.state.publish(context_.job_id, context_.run, entry.object, item.sent.digest, entry);
  }
  transaction.commit();
  for (const Item& item : items) {
    if (!item.published) continue;
    JobCounters& done = context_.tally.done();
    ++done.files_uploaded;
    done.bytes_uploaded += item.sent.entry.size;
    done.resumed_bytes += item.sent.resumed;
    context_.tally.did(ActionKind::upload, item.sent.entry.path, item.sent.entry.size);
    if (item.old) tell_version(*item.old, item.sent.entry.path);
    if (item.sent.torn)
      context_.tally.problem(Problem::Severity::error, item.sent.entry.path,
                             "it kept changing while it was read; the copy on the remote may be a mixture",
                             std::string(kAdviceForChanging));
    if (item.sent.changed) context_.tally.changed(item.sent.entry.path);
  }
}

void Publisher::tell_version(const Retirement& old, const RelPath& path) {
  if (old.outcome == Retirement::Outcome::retired) ++context_.tally.done().superseded;
  if (old.outcome == Retirement::Outcome::missing)
    context_.tally.problem(Problem::Severity::warning, path,
                           fmt::format("its copy from before was no longer on the remote at \"{}\", so there "
                                       "is no version of it",
                                       printable(old.object.remote_name.wire())),
                           "Something else than outhaul removes files there.");
}

bool Publisher::holds(const RemotePath& path, std::uint64_t size) {
  const CommandResult there = context_.commands.run_one(SizeOf{path});
  return there.status == CommandResult::Status::done && there.size == size;
}

void Publisher::settle(const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    if (part.stage == Part::Stage::retiring)
      settle_retiring(part);
    else if (part.stage != Part::Stage::sending)
      settle_one(part);
  }
}

void Publisher::settle_one(const Part& part) {
  const std::optional<Entry> old = context_.state.entry(context_.job_id, part.path);
  const Ending ending = find_ending(part, old);
  if (!put_aside_away(part)) return;

  State& state = context_.state;
  Transaction transaction = state.begin();
  if (ending == Ending::published) {
    record_settled(part, old);
  } else {
    // Whatever is under the part name is continued by the upload that is still due, or cleaned up.
    state.set_part_stage(part.object, Part::Stage::sending);
    if (ending == Ending::unknown && replaces_an_object(old)) forget_content(*old);
  }
  transaction.commit();
}

/// In the caller's Transaction. Mode and owner are not in the ledger; the diff that follows finds them
/// different and records them.
void Publisher::record_settled(const Part& part, const std::optional<Entry>& old) {
  Entry entry = old.value_or(Entry{});
  entry.path = part.path;
  entry.kind = EntryKind::file;
  entry.size = part.source.size;
  entry.mtime_ns = part.source.mtime_ns;
  entry.ctime_ns = part.source.ctime_ns;
  entry.inode = part.source.inode;
  entry.link_target.clear();
  entry.object = part.object;
  // The ledger doesn't know it: the next diff finds what differs from what put_in_place() gives.
  if (remote_mode(context_.job.remote_modes, EntryKind::file, kSettledMode)) entry.mode = kSettledMode;
  context_.state.publish(context_.job_id, context_.run, part.object, *part.sha256, entry);
}

bool Publisher::replaces_an_object(const std::optional<Entry>& old) {
  return old && old->kind == EntryKind::file && old->object != kNoObject;
}

/// Nobody knows what stands under the name: the diff must not take it for what the state says, however much
/// the source looks like that.
void Publisher::forget_content(Entry old) {
  context_.state.retire_object(old.object, context_.run, State::Fate::gone);
  old.object = kNoObject;
  context_.state.record(context_.job_id, context_.run, old);
}

/// A part was proven before the ledger said "publishing", and only a rename takes it away after that.
Publisher::Ending Publisher::find_ending(const Part& part, const std::optional<Entry>& old) {
  Commands& commands = context_.commands;
  const CommandResult there = commands.run_one(SizeOf{part.part_name});
  if (there.status == CommandResult::Status::done) {
    const bool whole = there.size == part.source.size && part.sha256;
    return whole && put_in_place(part) ? Ending::published : Ending::not_published;
  }
  if (there.status != CommandResult::Status::missing || !part.sha256) return Ending::unknown;
  const CommandResult final = commands.run_one(SizeOf{part.final_name});
  if (final.status != CommandResult::Status::done) return Ending::unknown;
  const bool same_size = replaces_an_object(old) && old->size == final.size;
  if (final.size != part.source.size) return same_size ? Ending::not_published : Ending::unknown;
  const bool old_stands_aside =
      part.stage == Part::Stage::aside &&
      commands.run_one(SizeOf{part.aside_name}).status == CommandResult::Status::done;
  return same_size && !old_stands_aside ? Ending::unknown : Ending::published;
}

/// Nobody knows whether it has its permissions already, nor which: the owner's alone until the next diff.
bool Publisher::put_in_place(const Part& part) {
  if (const auto mode = remote_mode(context_.job.remote_modes, EntryKind::file, kSettledMode))
    judge_mode(context_.tally, part.path, context_.commands.run_one(SetMode{part.part_name, *mode}));
  CommandResult renamed = context_.commands.run_one(Rename{part.part_name, part.final_name});
  return renamed.status == CommandResult::Status::done ||
         mend_rename({part.object, part.part_name, part.final_name, part.source.size}, renamed);
}

/// The old object that may stand aside: of no use once something stands under the final name, else put back.
/// False when it can't be: it is the only copy, and the ledger must go on to know where it is.
bool Publisher::put_aside_away(const Part& part) {
  const std::optional<Part> now = context_.state.part_for(context_.job_id, part.path);
  const bool swapped_now = now && now->object == part.object && now->stage == Part::Stage::aside;
  if (part.stage != Part::Stage::aside && !swapped_now) return true;
  Commands& commands = context_.commands;
  const RemotePath& aside = part.stage == Part::Stage::aside ? part.aside_name : now->aside_name;
  const CommandResult final = commands.run_one(SizeOf{part.final_name});
  CommandResult last = final;
  if (final.status == CommandResult::Status::done) {
    commands.run_one(RemoveFile{aside});
    return true;
  }
  if (final.status == CommandResult::Status::missing) {
    last = commands.run_one(Rename{aside, part.final_name});
    if (last.status != CommandResult::Status::refused) return true;  // missing: nothing stands there
  }
  context_.tally.stop(
      FailureClass::stop_job,
      fmt::format("the stored copy of \"{}\" stands at \"{}\" and can't be renamed back to \"{}\": {}",
                  printable(part.path.bytes()), printable(aside.wire()), printable(part.final_name.wire()),
                  last.reply_text),
      "The server broke off replacing it. Check the account's permissions there, or rename it by hand; this "
      "job "
      "waits until it is back.");
  return false;
}

}  // namespace outhaul
