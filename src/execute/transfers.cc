#include "execute/transfers.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <span>

#include "execute/disk_probe.h"
#include "execute/modes.h"
#include "execute/proof.h"
#include "outhaul/names.h"
#include "outhaul/own_names_advice.h"
#include "outhaul/shown.h"

namespace outhaul {
namespace {

using std::chrono::milliseconds;

/// Uploads whose ledger rows are committed together, ahead of the lanes.
constexpr std::size_t kLedgerBatch = 256;
/// Proven and renamed together: at most this many, and no later than kPublishDelay after the first, so that a
/// crash costs little.
constexpr std::size_t kPublishBatch = 256;
constexpr std::size_t kWorthARoundTrip = 128;
constexpr milliseconds kPublishDelay{250};
constexpr std::uint64_t kPublishBytes = 8 * 1024 * 1024;
/// So many files in a row failed although each was retried: the remote itself is the trouble.
constexpr int kGiveUpAfter = 3;

std::string random_tag() {
  std::random_device device;
  return fmt::format("{:08x}", device());
}

}  // namespace

Transfers::Transfers(const Context& context, const SourceTree& source)
    : context_(context),
      source_(source),
      part_prefix_(fmt::format("{}/{}-{}-", kPartsDir, static_cast<std::int64_t>(context.run), random_tag())),
      by_size_(context.smallest_first) {
  for (Part& part : context_.state.parts(context_.job_id)) {
    if (part.stage != Part::Stage::sending) continue;  // for Executor::settle()
    std::string path = part.path.bytes();
    leftovers_.emplace(std::move(path), std::move(part));
  }
  // Where an upload was cut off, a probe may have been, too, or the reserve.
  if (context_.names != nullptr || leftovers_.empty()) return;
  for (int lane = 0; lane < context_.connections.cap(); ++lane) litter_.insert(disk_probe_name(lane));
  litter_.insert(reserve_name());
}

void Transfers::add(const Action& action) {
  if (action.kind != ActionKind::upload)
    compares_.push_back(&action);
  else if (!leave_aside(action))
    uploads_.push_back(&action);
}

void Transfers::add_upload(const Action& action) {
  context_.tally.expect(action.entry.size);  // the plan doesn't count it
  if (!leave_aside(action)) uploads_.push_back(&action);
}

bool Transfers::stopped() const {
  return context_.tally.stopped() || context_.cancel_lanes.cancelled();
}

Publisher Transfers::publisher() {
  return Publisher({context_.job, context_.job_id, context_.run, context_.state,
                    context_.connections.commands(), context_.tally, context_.retirer});
}

void Transfers::run() {
  if (context_.smallest_first && !uploads_.empty() && !stopped()) {
    prepare_remote();
    if (!stopped()) hold_reserve();
  }
  while (!stopped()) {
    grow_again();
    fill();
    if (pool().open() == 0) {
      if (!sent_.empty() || !same_.empty()) {
        flush(true);
        record_same(true);
        continue;  // a failed proof may have brought tasks back
      }
      if (full_) {
        go_on_when_full();
        continue;
      }
      if (!waiting()) return;
    }
    collect();
    flush(false);
    record_same(false);
  }
  drain();
}

/// Keeps the lanes' queue filled. Compares go first: they need no network, and an unchanged file needs no
/// more.
void Transfers::fill() {
  LanePool& lanes = pool();
  if (full_) return;
  for (; !by_size_ && !again_.empty(); again_.pop_front()) lanes.submit(std::move(again_.front()));
  if (lanes.queued() > kLedgerBatch / 2) return;
  for (std::size_t i = 0; i < kLedgerBatch && !compares_.empty(); ++i, compares_.pop_front()) {
    Task task;
    task.kind = Task::Kind::compare;
    task.action = compares_.front();
    lanes.submit(std::move(task));
  }
  if ((uploads_.empty() && again_.empty()) || lanes.queued() > kLedgerBatch / 2) return;
  if (alone_ && (lanes.open() > 0 || !sent_.empty())) return;
  prepare_remote();
  if (stopped()) return;
  if (by_size_) put_smallest_first();
  Transaction transaction = context_.state.begin();
  std::vector<Task> ready = next_uploads();
  transaction.commit();  // before the first byte leaves
  if (context_.names != nullptr) context_.names->make_dirs(context_.connections.commands(), ready);
  for (Task& task : ready) lanes.submit(std::move(task));
}

/// In the caller's Transaction. What was sent back takes its turn by its size, or there is none of it.
std::vector<Task> Transfers::next_uploads() {
  const std::size_t most = alone_ ? 1 : kLedgerBatch;
  std::vector<Task> ready;
  while (ready.size() < most && !(uploads_.empty() && again_.empty())) {
    const bool is_back = !again_.empty() && (uploads_.empty() || again_.front().action->entry.size <=
                                                                     uploads_.front()->entry.size);
    if (is_back) {
      ready.push_back(std::move(again_.front()));
      again_.pop_front();
      continue;
    }
    const Action& action = *uploads_.front();
    uploads_.pop_front();
    if (context_.tally.failed_above(action.entry.path)) {
      ++context_.tally.done().withheld;  // its directory could not be made: said once, for the directory
      context_.tally.not_stored(action.entry, "its directory could not be made");
    } else {
      ready.push_back(start(action));
    }
  }
  return ready;
}

Task Transfers::start(const Action& action) {
  Task task;
  task.action = &action;
  if (digest_ && *digest_ != DigestKind::sha256) task.digest = digest_;  // that one is computed anyhow
  task.read_back = context_.job.proof == Proof::read_back;
  task.once = context_.names != nullptr;
  const auto [first, last] = leftovers_.equal_range(action.entry.path.bytes());
  const auto found =
      std::find_if(first, last, [&](const auto& left) { return goes_on_with(left.second, action); });
  if (found != last) {
    task.object = found->second.object;
    task.part = found->second.part_name;
    task.resume = task.touched = true;
    task.sent = found->second.sent;
    context_.state.set_part_sent(task.object, std::nullopt);  // until somebody says how far this run came
    leftovers_.erase(found);
    return task;
  }
  begin(task);
  return task;
}

void Transfers::prepare_remote() {
  if (prepared_) return;
  Commands& commands = context_.connections.commands();
  std::vector<RemotePath> dirs{RemotePath::parse(kPartsDir), context_.job.target};
  if (context_.names != nullptr) dirs = {context_.job.target};  // increments are made as they are needed
  for (const RemotePath& dir : dirs) {
    const CommandResult made = make_dirs(commands, dir);
    if (made.status == CommandResult::Status::done) continue;
    return stop_without(dir, made, context_.names == nullptr && dir == dirs.front());
  }
  if (context_.job.proof == Proof::hash) find_digest(commands, dirs.front());
  prepared_ = true;
}

/// Without a place for parts (`of_all`) no job can store anything; a target is this job's alone.
void Transfers::stop_without(const RemotePath& dir, const CommandResult& made, bool of_all) {
  const bool full = made.failure == FailureClass::no_space;
  const std::string what =
      dir.empty() ? shown(dir) : fmt::format("the directory {} on the remote", shown(dir));
  context_.tally.stop(
      full     ? FailureClass::no_space
      : of_all ? FailureClass::stop_run
               : FailureClass::stop_job,
      fmt::format("can't make {}: {}", what, made.reply_text),
      full ? "make room on the remote or buy some; what was stored stays, and the next run goes on "
             "from here"
           : with_advice_on_own_name("Check that the account may write there, and the path in \"remote.url\".",
                                     of_all ? RemotePath::parse(kControlDir) : dir, made.reply_code));
}

/// Before the first byte: nothing could be proven after it.
void Transfers::find_digest(Commands& commands, const RemotePath& dir) {
  digest_ = offered_digest(commands, dir);
  if (digest_) return;
  context_.tally.stop(
      FailureClass::stop_job,
      "\"proof\" is \"hash\", but the server offers no digests (HASH, XSHA256, XMD5, XCRC), so no "
      "upload could be proven; nothing was sent",
      "Set \"proof\" to \"size\", or to \"read_back\" to have each file fetched again and compared.");
}

void Transfers::collect() {
  for (Outcome& outcome : pool().wait(kPublishDelay / 4)) take(std::move(outcome));
  context_.connections.rest_if_idle();
}

void Transfers::take(Outcome&& outcome) {
  JobCounters& done = context_.tally.done();
  done.bytes_sent += outcome.sent;
  done.retries += outcome.retries;
  tell_remarks(outcome);
  if (outcome.litter) litter_.insert(disk_probe_name(outcome.lane));
  const RelPath& path = outcome.task.action->entry.path;
  switch (outcome.status) {
    case Outcome::Status::done:
      if (outcome.task.kind == Task::Kind::compare) return take_compare(std::move(outcome));
      failures_in_a_row_ = 0;
      if (outcome.task.action->after_removals) {
        held_.push_back(std::move(outcome));
        return;
      }
      if (sent_.empty()) oldest_sent_ = std::chrono::steady_clock::now();
      sent_bytes_ += outcome.entry.size;
      sent_.push_back(std::move(outcome));
      return;
    case Outcome::Status::vanished:
      context_.tally.not_stored(outcome.task.action->entry, outcome.message);  // or under another name by now
      return context_.tally.problem(Problem::Severity::note, path, std::move(outcome.message));
    case Outcome::Status::source_failed:
      return context_.tally.failed(outcome.task.action->entry, outcome.message, std::move(outcome.advice));
    case Outcome::Status::remote_failed:
      if (outcome.failure == FailureClass::no_space) return take_no_space(std::move(outcome));
      note_part(outcome);
      return take_remote_failure(std::move(outcome));
    case Outcome::Status::name_used:
      if (give_new_name(outcome.task, outcome.message)) again_.push_back(std::move(outcome.task));
      return;
    case Outcome::Status::handed_back:
      return hand_back(std::move(outcome));
  }
}

void Transfers::take_compare(Outcome&& outcome) {
  const Action& action = *outcome.task.action;
  ++context_.tally.done().compared;
  const std::optional<StoredObject> stored = context_.state.object(action.entry.object);
  if (outcome.torn || !stored || stored->sha256 != outcome.digest) {
    add_upload(action);
    return;
  }
  if (action.kind == ActionKind::move) {
    moves_.push_back(&action);
    return;
  }
  outcome.entry.object = action.entry.object;
  same_.push_back({std::move(outcome.entry), action.mode});
}

void Transfers::take_remote_failure(Outcome&& outcome) {
  const Entry& entry = outcome.task.action->entry;
  remember_sent({outcome.task});
  switch (outcome.failure) {
    case FailureClass::cancelled:
      return;
    case FailureClass::stop_job:
    case FailureClass::stop_run:
      context_.tally.doubt(entry, outcome.message);
      context_.tally.stop(outcome.failure, std::move(outcome.message), std::move(outcome.advice));
      return;
    default:
      break;
  }
  const bool refused = outcome.failure == FailureClass::skip_file;
  if (refused && outcome.task.tries == 0) {
    // Somebody may have removed our parts directory: make it again, once, before believing the refusal.
    prepared_ = false;
    prepare_remote();
    ++outcome.task.tries;
    outcome.task.resume = false;  // it may have been the resuming that was refused
    if (outcome.task.once && !give_new_name(outcome.task, outcome.message)) return;
    again_.push_back(std::move(outcome.task));
    return;
  }
  if (refused && !outcome.task.once && context_.tally.done().files_uploaded == 0)
    outcome.advice = with_advice_on_own_name(std::move(outcome.advice), outcome.task.part, outcome.reply_code);
  context_.tally.failed(entry, outcome.message, outcome.advice);
  if (!refused && ++failures_in_a_row_ >= kGiveUpAfter)
    context_.tally.stop(FailureClass::stop_run,
                        fmt::format("gave up after {} files in a row could not be sent; the last one: {}",
                                    failures_in_a_row_, outcome.message),
                        std::move(outcome.advice));
}

void Transfers::note_part(const Outcome& outcome) {
  context_.tally.sent_in_part(std::min(outcome.task.action->entry.size, outcome.in_part));
}

void Transfers::tell_remarks(const Outcome& outcome) {
  for (const Remark& remark : outcome.remarks)
    context_.tally.problem(remark.severity, outcome.task.action->entry.path, remark.message, remark.advice);
}

/// A lane gave its connection up because the server allows fewer. When it was the last one, everything goes
/// over one.
void Transfers::hand_back(Outcome&& outcome) {
  again_.push_back(std::move(outcome.task));
  if (!pool().exhausted()) return;  // the others go on
  std::vector<Task> back = pool().take_back();
  while (pool().open() > 0) {
    for (Outcome& other : pool().wait(kPublishDelay)) {
      if (other.status == Outcome::Status::handed_back)
        again_.push_back(std::move(other.task));
      else
        take(std::move(other));
    }
  }
  for (Task& task : back) again_.push_back(std::move(task));
  if (context_.connections.only_one()) return;
  flush(true);
  context_.connections.shrink_to_one();
  context_.tally.problem(
      Problem::Severity::note, {}, "the server allows one connection only: going on with one for everything",
      "It is asked for more again later. Set \"connections\": 1 in the profile to spare it "
      "the attempts.");
}

/// What stood in the other connections' way may have passed: sessions of a dead line, another client.
void Transfers::grow_again() {
  if (!context_.connections.may_grow()) return;
  flush(true);
  for (Task& task : pool().take_back()) again_.push_back(std::move(task));
  context_.connections.grow();
}

void Transfers::flush(bool all) {
  if (sent_.empty()) return;
  const bool late = std::chrono::steady_clock::now() - oldest_sent_ >= kPublishDelay;
  if (!all && sent_.size() < kWorthARoundTrip && sent_bytes_ < kPublishBytes && !late) return;
  publish(sent_);
  sent_bytes_ = 0;
}

void Transfers::publish(std::vector<Outcome>& batch) {
  Publisher publisher = this->publisher();
  const std::vector<Outcome> all = std::exchange(batch, {});
  if (full_) replaced_ += replaced_by(all);
  for (std::size_t begin = 0; begin < all.size(); begin += kPublishBatch) {
    const auto some = std::span(all).subspan(begin, std::min(all.size() - begin, kPublishBatch));
    std::vector<Task> unproven = publisher.publish({some.begin(), some.end()});
    if (!unproven.empty()) context_.connections.upload_was_lost();
    for (Task& task : unproven) {
      if (task.spoiled) context_.connections.resumed_wrongly();
      const bool may_stay = !task.spoiled && (!task.once || task.resume);
      if (may_stay || give_new_name(task, "the server had not stored it whole"))
        again_.push_back(std::move(task));
    }
  }
}

void Transfers::publish_held(const std::function<bool(const Action&)>& is_free) {
  while (!stopped()) {
    std::erase_if(held_, [&](const Outcome& outcome) {
      if (is_free(*outcome.task.action)) return false;
      context_.tally.not_stored(outcome.task.action->entry, "its name is not free");
      return true;
    });
    publish(held_);
    if (!waiting()) return;
    run();  // a failed proof, or a move that became an upload: held again
  }
}

/// What can't be told the server any more isn't recorded: the next run compares it again.
void Transfers::change_modes() {
  if (stopped()) std::erase_if(same_, [](const Same& same) { return same.mode.has_value(); });
  std::vector<ModeToSet> modes;
  for (const auto& [entry, mode] : same_)
    if (const auto object = mode ? context_.state.object(entry.object) : std::nullopt)
      modes.push_back({entry.path, {object->remote_name, *mode}});
  if (!modes.empty()) set_modes(context_.connections.commands(), context_.tally, modes);
}

void Transfers::record_same(bool all) {
  if (same_.empty() || (!all && same_.size() < kLedgerBatch)) return;
  change_modes();
  Transaction transaction = context_.state.begin();
  for (const Same& same : same_) context_.state.record(context_.job_id, context_.run, same.entry);
  transaction.commit();
  for (const auto& [entry, mode] : same_) {
    ++context_.tally.done().recorded;
    context_.tally.did(ActionKind::compare, entry.path, entry.size);
  }
  same_.clear();
}

/// Ends what is under way, after a stop. Nothing that was sent is lost: its part stays in the ledger.
void Transfers::drain() {
  context_.cancel_lanes.cancel();
  for (Task& task : pool().take_back()) again_.push_back(std::move(task));
  while (pool().open() > 0) {
    for (Outcome& outcome : pool().wait(kPublishDelay)) {
      context_.tally.done().bytes_sent += outcome.sent;
      context_.tally.done().retries += outcome.retries;
      tell_remarks(outcome);
      if (outcome.task.kind == Task::Kind::upload) note_part(outcome);
      const bool whole = outcome.status == Outcome::Status::done && outcome.task.kind == Task::Kind::upload &&
                         !outcome.task.action->after_removals;
      if (whole)
        sent_.push_back(std::move(outcome));
      else
        again_.push_back(std::move(outcome.task));
    }
  }
  record_same(true);
  remember_sent({again_.begin(), again_.end()});
}

/// What the next run may trust of these parts. A run that is killed leaves the ledger without it.
void Transfers::remember_sent(const std::vector<Task>& tasks) {
  Transaction transaction = context_.state.begin();
  for (const Task& task : tasks)
    if (task.kind == Task::Kind::upload && task.sent) context_.state.set_part_sent(task.object, task.sent);
  transaction.commit();
}

void Transfers::clean_up() {
  if ((leftovers_.empty() && litter_.empty()) || stopped()) return;
  if (context_.names != nullptr) return abandon_leftovers();
  std::vector<Part> parts;
  for (auto& [path, part] : leftovers_) parts.push_back(std::move(part));
  leftovers_.clear();
  remove_parts(parts, std::exchange(litter_, {}));
}

/// About how many bytes that were.
std::uint64_t Transfers::remove_parts(const std::vector<Part>& parts, const std::set<RemotePath>& probes) {
  if (parts.empty() && probes.empty()) return 0;
  std::vector<Command> commands;
  for (const Part& part : parts) commands.push_back(RemoveFile{part.part_name});
  for (const RemotePath& probe : probes) commands.push_back(RemoveFile{probe});
  const std::vector<CommandResult> results = context_.connections.commands().run(commands);
  std::uint64_t freed = 0;
  Transaction transaction = context_.state.begin();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const CommandResult& result = results[i];
    if (result.status == CommandResult::Status::done || result.status == CommandResult::Status::missing) {
      context_.state.drop_part(part.object);
      freed += part.sent.value_or(part.source.size);
    } else {
      context_.tally.problem(Problem::Severity::note, part.path,
                             fmt::format("what an earlier run sent of it can't be removed from \"{}\": {}",
                                         printable(part.part_name.wire()), result.reply_text),
                             "Remove it by hand; every run tries again until it is gone.");
    }
  }
  transaction.commit();
  return freed;
}

}  // namespace outhaul
