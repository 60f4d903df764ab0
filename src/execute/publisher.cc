#include "execute/publisher.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/names.h"

namespace outhaul {
namespace {

constexpr int kProofTries = 3;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t floor_seconds(std::int64_t ns) {
  return ns / kSecond - (ns % kSecond < 0 ? 1 : 0);
}

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
    RemotePath final_name = remote_path_for(context_.job.target, outcome.task.action->entry.path);
    items.push_back({std::move(outcome), std::move(final_name)});
  }
  std::vector<Task> again = prove(items);
  if (items.empty()) return again;
  begin(items);
  rename(items);
  record(items);
  return again;
}

std::vector<Task> Publisher::prove(std::vector<Item>& items) {
  std::vector<Command> questions;
  for (const Item& item : items) questions.push_back(SizeOf{item.sent.task.part});
  const std::vector<CommandResult> answers = context_.commands.run(questions);

  std::vector<Task> again;
  std::vector<Item> proven;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Item& item = items[i];
    const CommandResult& answer = answers[i];
    const RelPath& path = item.sent.task.action->entry.path;
    if (answer.status == CommandResult::Status::done && answer.size == item.sent.entry.size) {
      proven.push_back(std::move(item));
    } else if (answer.status == CommandResult::Status::unsupported) {
      context_.tally.failed(
          path, "the server can't tell the size of a stored file, so the upload can't be proven",
          "This server answers SIZE (RFC 3659) with a refusal; ask the provider to allow it.");
    } else if (item.sent.task.tries + 1 < kProofTries) {
      Task task = item.sent.task;
      ++task.tries;
      task.resume = false;
      ++context_.tally.done().retries;
      again.push_back(std::move(task));
    } else {
      const std::string found = answer.status == CommandResult::Status::done
                                    ? fmt::format("{} bytes", answer.size)
                                    : "no such file";
      context_.tally.failed(
          path,
          fmt::format("the server accepted the upload {} times, but then had {} instead of {} bytes",
                      kProofTries, found, item.sent.entry.size),
          "The server loses data: check its disk and quota. The previous copy, if there was one, is "
          "untouched.");
    }
  }
  items = std::move(proven);
  return again;
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
    state.set_part_digest(task.object, item.sent.digest);
    state.set_part_stage(task.object, Part::Stage::publishing);
  }
  transaction.commit();
}

void Publisher::rename(std::vector<Item>& items) {
  // The time is set on the part, so that whatever stands under the final name has it from its first moment.
  std::vector<Command> commands;
  for (const Item& item : items) {
    commands.push_back(SetMtime{item.sent.task.part, floor_seconds(item.sent.entry.mtime_ns)});
    commands.push_back(Rename{item.sent.task.part, item.final_name});
  }
  const std::vector<CommandResult> results = context_.commands.run(commands);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const CommandResult& renamed = results[2 * i + 1];
    items[i].published = renamed.status == CommandResult::Status::done || mend_rename(items[i], renamed);
  }
}

/// The rename didn't answer "done": look for the reason, mend it where it can be mended.
bool Publisher::mend_rename(Item& item, CommandResult result) {
  const std::uint64_t size = item.sent.entry.size;
  if (result.status == CommandResult::Status::missing && holds(item.final_name, size))
    return true;  // it was carried out before the connection broke
  if (result.status == CommandResult::Status::refused) {
    if (make_dirs(context_.commands, item.final_name.parent()).status == CommandResult::Status::done) {
      result = context_.commands.run_one(Rename{item.sent.task.part, item.final_name});
      if (result.status == CommandResult::Status::done) return true;
    }
    if (rename_by_aside(item)) return true;
  }
  context_.tally.failed(
      item.sent.entry.path,
      fmt::format("stored, but it could not be renamed to \"{}\": {}", printable(item.final_name.wire()),
                  result.reply_text),
      "Check the account's permissions there, and whether something that outhaul did not make "
      "stands under that name. The sent bytes are kept for the next run.");
  return false;
}

/// For servers that can't rename over an existing name (pain 19): old aside → rename → remove old, journaled.
bool Publisher::rename_by_aside(const Item& item) {
  Commands& commands = context_.commands;
  if (commands.run_one(SizeOf{item.final_name}).status != CommandResult::Status::done) return false;
  const RemotePath aside = aside_name_for(item.sent.task.part);
  {
    Transaction transaction = context_.state.begin();
    context_.state.set_part_stage(item.sent.task.object, Part::Stage::aside, aside);
    transaction.commit();
  }
  return swap_by_aside(item.sent.task.part, item.final_name, aside, item.sent.entry.size);
}

/// Both names hold a file, and the ledger knows `aside`. True when the new one stands under the final name.
bool Publisher::swap_by_aside(const RemotePath& part, const RemotePath& final_name, const RemotePath& aside,
                              std::uint64_t size) {
  Commands& commands = context_.commands;
  if (commands.run_one(Rename{final_name, aside}).status == CommandResult::Status::refused) return false;
  if (commands.run_one(Rename{part, final_name}).status != CommandResult::Status::done &&
      !holds(final_name, size)) {
    commands.run_one(Rename{aside, final_name});
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
    context_.state.publish(context_.job_id, context_.run, entry.object, item.sent.digest, entry);
  }
  transaction.commit();
  for (const Item& item : items) {
    if (!item.published) continue;
    JobCounters& done = context_.tally.done();
    ++done.files_uploaded;
    done.bytes_uploaded += item.sent.entry.size;
    context_.tally.did(ActionKind::upload, item.sent.entry.path, item.sent.entry.size);
    if (item.sent.torn)
      context_.tally.problem(
          Problem::Severity::error, item.sent.entry.path,
          "it kept changing while it was read; the copy on the remote may be a mixture",
          "Have whatever writes it pause during the backup, or back up a dump or snapshot of it.");
  }
}

bool Publisher::holds(const RemotePath& path, std::uint64_t size) {
  const CommandResult there = context_.commands.run_one(SizeOf{path});
  return there.status == CommandResult::Status::done && there.size == size;
}

void Publisher::settle(const std::vector<Part>& parts) {
  for (const Part& part : parts)
    if (part.stage != Part::Stage::sending) settle_one(part);
}

void Publisher::settle_one(const Part& part) {
  Commands& commands = context_.commands;
  State& state = context_.state;
  const std::optional<Entry> old = state.entry(context_.job_id, part.path);
  bool published = false;
  if (holds(part.part_name, part.source.size)) {
    // Proven before and still whole: only the rename is missing.
    published =
        commands.run_one(Rename{part.part_name, part.final_name}).status == CommandResult::Status::done;
  } else if (holds(part.final_name, part.source.size)) {
    // Renamed, unless the old object has the very same size: then nobody can tell, and it is sent again.
    published = !old || old->object == kNoObject || old->size != part.source.size;
  }
  if (part.stage == Part::Stage::aside) put_aside_away(part);
  if (!published) commands.run_one(RemoveFile{part.part_name});

  Transaction transaction = state.begin();
  if (published && part.sha256) {
    // Mode and owner are not in the ledger; the diff that follows finds them different and records them.
    Entry entry = old.value_or(Entry{});
    entry.path = part.path;
    entry.kind = EntryKind::file;
    entry.size = part.source.size;
    entry.mtime_ns = part.source.mtime_ns;
    entry.ctime_ns = part.source.ctime_ns;
    entry.inode = part.source.inode;
    entry.link_target.clear();
    entry.object = part.object;
    state.publish(context_.job_id, context_.run, part.object, *part.sha256, entry);
  } else {
    state.drop_part(part.object);
  }
  transaction.commit();
}

/// The old object that stood aside: of no use once something stands under the final name, else put back.
void Publisher::put_aside_away(const Part& part) {
  Commands& commands = context_.commands;
  if (commands.run_one(SizeOf{part.final_name}).status == CommandResult::Status::done)
    commands.run_one(RemoveFile{part.aside_name});
  else
    commands.run_one(Rename{part.aside_name, part.final_name});
}

}  // namespace outhaul
