#include "execute/retirement.h"

#include <fmt/format.h>

#include <random>

#include "execute/content_proof.h"
#include "execute/publisher.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

using Status = CommandResult::Status;

std::string dir_of(RunId run) {
  return fmt::format("{}/{}", kVersionsDir, static_cast<std::int64_t>(run));
}

bool holds(const CommandResult& size, const StoredObject& object) {
  return size.status == Status::done && size.size == object.size;
}

}  // namespace

/// What another life of this backup has put below ".outhaul/versions/<run>" must not be renamed over. No
/// server removes a directory that holds something, so one that can be removed, or isn't there, is free. The
/// job's part of it is what counts: other jobs of this run have theirs beside it.
void Retirer::claim(Commands& commands) {
  constexpr int kLives = 9;
  for (int life = 1; life <= kLives; ++life) {
    suffix_ = life == 1 ? std::string() : fmt::format(".{}", life);
    const RemotePath dir = RemotePath::parse(dir_of(run_) + *suffix_) / target_;
    const Status status = commands.run_one(RemoveDir{dir}).status;
    if (status == Status::done || status == Status::missing) return;
  }
  suffix_ = fmt::format(".{:08x}", std::random_device()());  // it may not remove directories at all
}

RemotePath Retirer::name_for(const StoredObject& object) const {
  std::string name = version_name_for(run_, object.remote_name, object.id).wire();
  return RemotePath::parse(name.insert(dir_of(run_).size(), *suffix_));
}

Retirement Retirer::begin(Commands& commands, const StoredObject& object) {
  if (!suffix_) claim(commands);
  return {object, name_for(object), Retirement::Outcome::pending, {}};
}

/// From the top down. A directory that can't be made shows in the rename into it.
void Retirer::make_dirs_above(const RemotePath& version, std::vector<Command>& commands) {
  std::vector<RemotePath> missing;
  for (RemotePath dir = version.parent(); !dir.empty() && made_.insert(dir).second; dir = dir.parent())
    missing.push_back(dir);
  for (auto dir = missing.rbegin(); dir != missing.rend(); ++dir) commands.push_back(MakeDir{*dir});
}

void Retirer::carry_out(Commands& commands, std::span<Retirement* const> retirements) {
  std::vector<Command> batch;
  std::vector<std::size_t> renames;
  for (const Retirement* retirement : retirements) {
    make_dirs_above(retirement->version, batch);
    renames.push_back(batch.size());
    batch.push_back(Rename{retirement->object.remote_name, retirement->version});
  }
  const std::vector<CommandResult> results = commands.run(batch);
  std::vector<Retirement*> doubtful;
  for (std::size_t i = 0; i < retirements.size(); ++i) {
    if (results[renames[i]].out_of_step)
      doubtful.push_back(retirements[i]);
    else
      mend(commands, *retirements[i], results[renames[i]]);
  }
  if (!doubtful.empty()) prove_contents(commands, doubtful);
}

/// Another one's file may stand under a version's name. What still stands under its own is renamed once more,
/// by itself.
void Retirer::prove_contents(Commands& commands, std::span<Retirement* const> retirements) {
  std::vector<ExpectedContent> expected;
  for (const Retirement* it : retirements) {
    expected.push_back({it->version, it->object.size, it->object.sha256});
    expected.push_back({it->object.remote_name, it->object.size, it->object.sha256});
  }
  const std::vector<FoundContent> found = look_at_contents(commands, expected);
  for (std::size_t i = 0; i < retirements.size(); ++i) {
    Retirement& it = *retirements[i];
    const FoundContent there = found[2 * i], here = found[2 * i + 1];
    if (there == FoundContent::same) {
      it.outcome = Retirement::Outcome::retired;
    } else if (here == FoundContent::same) {
      mend(commands, it, commands.run_one(Rename{it.object.remote_name, it.version}));
    } else if (there == FoundContent::other && here == FoundContent::other) {
      it.outcome = Retirement::Outcome::missing;
    } else {
      it.outcome = Retirement::Outcome::refused;
      it.reply_text = "the server's replies went out of step, and what stands there can't be read back";
    }
  }
}

/// `missing` is what servers also say when they don't allow renames, and what a rename that was sent twice
/// gets: only the sizes tell.
void Retirer::mend(Commands& commands, Retirement& retirement, CommandResult result) {
  if (result.status == Status::refused &&
      make_dirs(commands, retirement.version.parent()).status == Status::done)
    result = commands.run_one(Rename{retirement.object.remote_name, retirement.version});
  if (result.status == Status::done) {
    retirement.outcome = Retirement::Outcome::retired;
    return;
  }
  retirement.outcome = Retirement::Outcome::refused;
  retirement.reply_text = result.reply_text;
  if (result.status != Status::missing) return;
  const std::vector<CommandResult> sizes =
      commands.run({SizeOf{retirement.version}, SizeOf{retirement.object.remote_name}});
  if (holds(sizes[0], retirement.object))
    retirement.outcome = Retirement::Outcome::retired;
  else if (sizes[0].status == Status::missing && sizes[1].status == Status::missing)
    retirement.outcome = Retirement::Outcome::missing;
}

bool take_back(Commands& commands, const Retirement& retirement) {
  const CommandResult back = commands.run_one(Rename{retirement.version, retirement.object.remote_name});
  if (back.status == Status::done) return true;
  return back.status == Status::missing &&
         holds(commands.run_one(SizeOf{retirement.object.remote_name}), retirement.object);
}

}  // namespace outhaul
