#include "execute/executor.h"
#include "execute/left_behind.h"
#include "outhaul/counted.h"
#include "plan/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "base/nanoseconds.h"
#include "execute/case_guard.h"
#include "execute/connections.h"
#include "execute/content_proof.h"
#include "execute/expiry.h"
#include "execute/increment_names.h"
#include "execute/intents.h"
#include "execute/modes.h"
#include "execute/removals.h"
#include "execute/room.h"
#include "execute/taken_names.h"
#include "execute/tally.h"
#include "execute/transfers.h"
#include "outhaul/error.h"
#include "outhaul/increment.h"
#include "outhaul/names.h"

namespace outhaul {
namespace {

constexpr std::size_t kBatch = 500;
/// The others are counted.
constexpr std::size_t kNamedMisfits = 10;

JobReport report_for(const Job& job, const Plan* plan) {
  JobReport report;
  report.job = job.name;
  report.source = job.source.native();
  report.target = job.target.wire();
  if (plan != nullptr) {
    report.plan_id = plan->id;
    report.planned = plan->counts;
  }
  return report;
}

/// A state that can't be written ends the run, but what was done until then was done: the report says it.
void tell_of_the_state(const Error& error, Tally& tally, JobReport& report) {
  if (error.kind() == ErrorKind::source || error.kind() == ErrorKind::cancelled) throw;
  tally.problem(Problem::Severity::error, {}, error.what(), error.advice());
  report.outcome = worst_of(report.outcome, exit_code_for(error.kind()));
  report.remote_lost = true;  // a full disk will not be better for the next job
}

std::int64_t started_ns(const State& state, RunId run) {
  for (const RunRow& row : state.runs(1))
    if (row.run == run) return row.started_ns;
  throw Error(ErrorKind::internal, "an append-only job is carried out by a run that isn't the newest");
}

/// Some servers count directories, too.
bool want_space(const CommandResult& result) {
  return result.failure == FailureClass::no_space;
}

/// One job's plan on its way: its phases in their order (docs/architecture.md, "Transfers").
class Execution {
 public:
  struct Setting {
    const Job& job;
    JobId job_id;
    RunId run;
    State& state;
    Tally& tally;
    Connections& connections;
    CancelToken& cancel_lanes;
    const CancelToken& cancel;
    const CaseGuard& cases;
    Retirer& retirer;
    const Executor::Room& room;
    Certainty& certainty;
    const std::optional<Limit>& max_delete;
    IncrementNames* names;  ///< null unless the job is append-only
  };
  Execution(const Setting& setting, const Plan& plan, const SourceTree& source)
      : s_(setting),
        plan_(plan),
        transfers_({s_.job, s_.job_id, s_.run, s_.state, s_.tally, s_.connections, s_.cancel_lanes,
                    s_.retirer, s_.names,
                    [this] {
                      return room_.make({true, true});
                    },
                    s_.room.smallest_first, s_.room.reserve},
                   source),
        room_({[this] { return context(); }, plan_, transfers_, s_.certainty, s_.room.let_versions_go,
               s_.cancel}) {}

  /// A refusal is all that came of it then.
  std::optional<GuardRefusal> run() {
    for (const Action& action : plan_.actions)
      if (action.kind == ActionKind::upload) s_.tally.expect(action.entry.size);
    SpaceVerdict verdict{s_.room.first, std::nullopt};
    ask_for_space(verdict);
    if (verdict.refusal) return verdict.refusal;
    try {
      carry_out(verdict.first);
    } catch (const RemoteError&) {
      tell_that_it_was_full();
      throw;
    }
    return std::nullopt;
  }
  bool ran_out_of_space() const noexcept { return !transfers_.misfits().empty(); }

 private:
  void carry_out(const GoesFirst& first) {
    tell_withheld();
    for (const Action& action : plan_.actions)
      if (action.kind == ActionKind::compare || action.kind == ActionKind::upload ||
          action.kind == ActionKind::move)
        transfers_.add(action);
    if (first.any() && go_on()) room_.make(first);
    make_dirs(now(ActionKind::make_dir));
    transfer();
    record(now(ActionKind::record));
    const std::uint64_t removed = s_.tally.done().removed;
    remove();
    if (go_on() && s_.tally.done().removed != removed) store_misfits();
    if (go_on()) fill_freed_names();
    if (go_on()) remove_left_behind(true);
    if (go_on()) transfers_.clean_up();
    tell_misfits();
    s_.tally.tell_changed();
    s_.tally.tell_modes();
  }

  using Actions = std::vector<const Action*>;

  bool go_on() const { return !s_.tally.stopped() && !s_.cancel.cancelled(); }
  JobContext context() {
    return {s_.job, s_.job_id, s_.run, s_.state, s_.connections.commands(), s_.tally, s_.retirer};
  }
  RemotePath remote_name(const RelPath& path) const {
    return remote_path_for(s_.job.target, path, s_.job.names);
  }

  Actions select(ActionKind kind, bool after_removals) const {
    Actions chosen;
    for (const Action& action : plan_.actions)
      if (action.kind == kind && action.after_removals == after_removals) chosen.push_back(&action);
    return chosen;
  }
  Actions now(ActionKind kind) const { return select(kind, false); }
  Actions later(ActionKind kind) const { return select(kind, true); }

  void ask_for_space(SpaceVerdict& verdict);
  void store_misfits();
  void tell_misfits();
  void tell_that_it_was_full();
  void tell_withheld();
  void tell_unstored(const Entry& entry, const std::string& message, std::string advice);
  void tell_too_long(const Entry& entry);
  void tell_too_large(const Entry& entry);
  void make_dirs(const Actions& actions);
  void mend_dir(const RelPath& path, CommandResult& result);
  void set_modes_of_dirs(std::span<const Action* const> dirs, const std::vector<CommandResult>& made);
  void change_modes(std::span<const Action* const> actions);
  void fill_freed_names();
  bool is_free(const Action& action);
  Actions free_ones(const Actions& actions);
  void record_dirs(const Actions& actions);
  Actions without_kept_names(const Actions& moves);
  void move(const Actions& moves);
  void move_in_place(const Actions& actions);
  void moved(const Action& action);
  bool mend_move(const Action& action, const RemotePath& to, const CommandResult& result);
  enum class Moved : std::uint8_t { yes, no, lost };
  void prove_moves(std::span<const Action* const> batch, const std::vector<RemotePath>& targets,
                   const std::vector<std::size_t>& doubtful, std::vector<Moved>& done);
  void transfer();
  void record(const Actions& actions);
  void remove();
  void remove_left_behind(bool second_pass);
  void end_old_names(const Actions& moves);

  Setting s_;
  const Plan& plan_;
  Transfers transfers_;
  RoomMaker room_;
  Actions moves_for_later_;
};

/// Of the directory for parts, because that is there for sure. Any other answer than a number says nothing.
void Execution::ask_for_space(SpaceVerdict& verdict) {
  if (!s_.room.judge || plan_.counts.upload_bytes == 0 || !go_on()) return;
  transfers_.prepare_remote();
  if (!go_on()) return;
  const CommandResult answer = s_.connections.commands().run_one(FreeSpace{RemotePath::parse(kPartsDir)});
  if (answer.status != CommandResult::Status::done) return;
  const std::uint64_t most = clamped_sum(answer.size, s_.room.ours());
  transfers_.set_most(most);
  const SpaceVerdict by_answer = s_.room.judge(answer.size, most);
  verdict.refusal = by_answer.refusal;
  verdict.first.removals |= by_answer.first.removals;
  verdict.first.versions |= by_answer.first.versions;
}

/// Something has gone since they didn't fit.
void Execution::store_misfits() {
  if (transfers_.misfits().empty()) return;
  transfers_.try_misfits_again();
  transfers_.run();
}

/// The connection was lost, perhaps while room was made: that something did not fit is true all the same.
void Execution::tell_that_it_was_full() {
  if (!transfers_.misfits().empty()) return tell_misfits();
  if (transfers_.last_words().empty()) return;
  s_.tally.problem(
      Problem::Severity::error, {},
      fmt::format("the remote had no room for all of it: {}", transfers_.last_words()),
      "make room on the remote or buy some; what was stored stays, and the next run goes on from here");
}

void Execution::tell_misfits() {
  Actions misfits = transfers_.misfits();
  if (misfits.empty()) return;
  std::ranges::sort(misfits, {}, [](const Action* action) { return action->entry.path; });
  std::uint64_t bytes = 0;
  for (const Action* action : misfits) bytes = clamped_sum(bytes, action->entry.size);
  s_.tally.problem(
      Problem::Severity::error, {},
      fmt::format("{} {} ({}) not stored, because the remote has no room for {}: {}", misfits.size(),
                  misfits.size() == 1 ? "file" : "files", space_in_words(bytes),
                  misfits.size() == 1 ? "it" : "them", transfers_.last_words()),
      "make room on the remote or buy some; what was stored stays, and the next run goes on from here");
  for (const Action* action : misfits) s_.tally.not_stored(action->entry, "there is no room for it");
  const std::size_t named = std::min(misfits.size(), kNamedMisfits);
  for (std::size_t i = 0; i < named; ++i) {
    const Entry& entry = misfits[i]->entry;
    s_.tally.problem(
        Problem::Severity::error, entry.path,
        fmt::format("not stored: it has {}, and there is no room for it{}", space_in_words(entry.size),
                    entry.object == kNoObject ? "" : "; its copy from before stays"));
  }
  if (misfits.size() > named)
    s_.tally.problem(Problem::Severity::error, {},
                     fmt::format("and {} more for which there is no room", misfits.size() - named));
}

void Execution::tell_withheld() {
  std::uint64_t doubtful = 0, moved = 0;
  for (const Action& action : plan_.actions) {
    if (action.kind != ActionKind::withhold) continue;
    ++s_.tally.done().withheld;
    if (action.reason == Reason::under_doubt) {
      ++doubtful;
      if (action.entry.object == kNoObject)
        s_.tally.not_stored(action.entry, "what has its name is in doubt");
    } else if (action.reason == Reason::may_have_moved) {
      ++moved;
    } else if (action.reason == Reason::name_too_long) {
      tell_too_long(action.entry);
    } else if (action.reason == Reason::too_large) {
      tell_too_large(action.entry);
    } else {
      tell_unstored(action.entry, "not stored: something that is kept on the remote has its name",
                    "\"on_removal\" is \"keep\": set it to \"retire\" for one run, or give one of the two "
                    "another name.");
    }
  }
  if (moved > 0)
    s_.tally.problem(Problem::Severity::note, {},
                     fmt::format("{} that left {} stay{} on the remote: each may be one that "
                                 "can't be stored under its new name",
                                 counted(moved, "file"), moved == 1 ? "its place" : "their places",
                                 moved == 1 ? "s" : ""));
  if (doubtful > 0)
    s_.tally.problem(
        Problem::Severity::note, {},
        fmt::format("{} that seem{} to be gone {} left on the remote, because the source could "
                    "not be seen whole",
                    counted(doubtful, "entry", "entries"), doubtful == 1 ? "s" : "", doubtful == 1 ? "is" : "are"));
}

/// The plan has taken it into account: no removal need wait for it.
void Execution::tell_unstored(const Entry& entry, const std::string& message, std::string advice) {
  s_.tally.not_stored(entry, message);
  s_.tally.problem(Problem::Severity::error, entry.path, message, std::move(advice));
}

void Execution::tell_too_long(const Entry& entry) {
  const RelPath& path = entry.path;
  const RemotePath name =
      s_.names == nullptr ? remote_name(path)
                          : longest_increment_dir(s_.job.target) / remote_path_for({}, path, s_.job.names);
  if (name.wire().size() > kMaxRemotePath)
    tell_unstored(entry,
                  fmt::format("its path on the remote would be longer than {} bytes, so it is not stored",
                              kMaxRemotePath),
                  "Give the directories above it shorter names, or back one of them up as a job of its own.");
  else
    tell_unstored(entry,
                  fmt::format("its name on the remote would be longer than {} bytes, so it is not stored",
                              kMaxRemoteName),
                  "Give it a shorter name, or one with fewer characters that FTP can't hold.");
}

void Execution::tell_too_large(const Entry& entry) {
  s_.tally.not_stored(entry, "it is larger than the quota");
  s_.tally.problem(Problem::Severity::error, entry.path,
                   fmt::format("not stored: it has {}, more than \"quota\" allows for everything together{}",
                               space_in_words(entry.size),
                               entry.object == kNoObject ? "" : "; its copy from before stays"),
                   "Exclude it, or buy space and raise \"quota\". The others are stored.");
}

void Execution::make_dirs(const Actions& actions) {
  if (actions.empty() || !go_on()) return;
  if (s_.names != nullptr) return record_dirs(actions);
  transfers_.prepare_remote();
  for (std::size_t begin = 0; begin < actions.size() && go_on(); begin += kBatch) {
    const auto batch = std::span(actions).subspan(begin, std::min(kBatch, actions.size() - begin));
    std::vector<Command> commands;
    for (const Action* action : batch) commands.push_back(MakeDir{remote_name(action->entry.path)});
    intend(context(), batch, commands);
    std::vector<CommandResult> results = s_.connections.commands().run(commands);
    if (std::ranges::any_of(results, want_space) && room_.make({true, true}) > 0)
      results = s_.connections.commands().run(commands);  // those that are there are "done"
    for (std::size_t i = 0; i < batch.size(); ++i) mend_dir(batch[i]->entry.path, results[i]);
    set_modes_of_dirs(batch, results);
    Transaction transaction = s_.state.begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (results[i].status != CommandResult::Status::done) continue;
      s_.state.record(s_.job_id, s_.run, batch[i]->entry);
      ++s_.tally.done().dirs_made;
      s_.tally.did(ActionKind::make_dir, batch[i]->entry.path);
    }
    s_.state.clear_intents(s_.job_id);
    transaction.commit();
  }
}

/// Before the state calls them made: a run that is cut off here makes them again.
void Execution::set_modes_of_dirs(std::span<const Action* const> dirs, const std::vector<CommandResult>& made) {
  std::vector<ModeToSet> modes;
  for (std::size_t i = 0; i < dirs.size(); ++i) {
    const Entry& entry = dirs[i]->entry;
    const auto mode = mode_to_set(s_.job.remote_modes, entry.kind, entry.mode);
    if (mode && made[i].status == CommandResult::Status::done)
      modes.push_back({entry.path, {remote_name(entry.path), *mode}});
  }
  set_modes(s_.connections.commands(), s_.tally, modes);
}

/// An append-only remote gets directories where a run stores something in them.
void Execution::record_dirs(const Actions& actions) {
  Transaction transaction = s_.state.begin();
  for (const Action* action : actions) s_.state.record(s_.job_id, s_.run, action->entry);
  transaction.commit();
  for (const Action* action : actions) {
    ++s_.tally.done().dirs_made;
    s_.tally.did(ActionKind::make_dir, action->entry.path);
  }
}

/// Somebody may have removed the directories above it, which the state takes to be there. Below a directory
/// that failed everything fails: one message is enough.
void Execution::mend_dir(const RelPath& path, CommandResult& result) {
  if (result.status == CommandResult::Status::done || s_.tally.failed_above(path)) return;
  result = outhaul::make_dirs(s_.connections.commands(), remote_name(path));
  if (result.status == CommandResult::Status::done) return;
  s_.tally.failed(path,
                  fmt::format("the directory can't be made on the remote, so nothing below it is stored: {}",
                              result.reply_text),
                  "Check the account's permissions there, and whether a file stands under that name.");
}

/// The object keeps the name that it was sent under.
void Execution::move_in_place(const Actions& actions) {
  if (actions.empty()) return;
  Transaction transaction = s_.state.begin();
  for (const Action* action : actions) moved(*action);
  transaction.commit();
}

/// What on_removal "keep" once left under the new name becomes a version, which only an upload sees to.
Execution::Actions Execution::without_kept_names(const Actions& moves) {
  if (!s_.job.keeps_versions()) return moves;
  Actions free;
  for (const Action* action : moves) {
    if (s_.state.kept_at(remote_name(action->entry.path)))
      transfers_.add_upload(*action);
    else
      free.push_back(action);
  }
  return free;
}

void Execution::move(const Actions& moves) {
  if (s_.names != nullptr) return move_in_place(moves);
  const Actions actions = without_kept_names(moves);
  for (std::size_t begin = 0; begin < actions.size() && go_on(); begin += kBatch) {
    const auto batch = std::span(actions).subspan(begin, std::min(kBatch, actions.size() - begin));
    std::vector<Command> commands;
    std::vector<RemotePath> targets;
    for (const Action* action : batch) {
      const std::optional<StoredObject> object = s_.state.object(action->entry.object);
      targets.push_back(remote_name(action->entry.path));
      commands.push_back(Rename{object ? object->remote_name : remote_name(action->from), targets.back()});
    }
    intend(context(), batch, commands);
    const std::vector<CommandResult> results = s_.connections.commands().run(commands);
    std::vector<Moved> done(batch.size());
    std::vector<std::size_t> doubtful;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const bool goal =
          results[i].status == CommandResult::Status::done || mend_move(*batch[i], targets[i], results[i]);
      done[i] = goal ? Moved::yes : Moved::no;
      if (results[i].out_of_step) doubtful.push_back(i);
    }
    prove_moves(batch, targets, doubtful, done);
    std::vector<ModeToSet> modes;
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (done[i] == Moved::yes && batch[i]->mode)
        modes.push_back({batch[i]->entry.path, {targets[i], *batch[i]->mode}});
    set_modes(s_.connections.commands(), s_.tally, modes);
    Transaction transaction = s_.state.begin();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (done[i] == Moved::yes) {
        s_.state.rename_object(batch[i]->entry.object, targets[i]);
        moved(*batch[i]);
      } else if (done[i] == Moved::lost) {
        s_.state.retire_object(batch[i]->entry.object, s_.run, State::Fate::gone);
        s_.state.forget(s_.job_id, s_.run, batch[i]->from);
      }
    }
    s_.state.clear_intents(s_.job_id);
    transaction.commit();
    for (std::size_t i = 0; i < batch.size(); ++i)  // what can't be renamed is sent under its new name
      if (done[i] != Moved::yes) transfers_.add_upload(*batch[i]);
  }
}

/// In the caller's Transaction.
void Execution::moved(const Action& action) {
  s_.state.forget(s_.job_id, s_.run, action.from);
  s_.state.record(s_.job_id, s_.run, action.entry);
  ++s_.tally.done().moved;
  s_.tally.did(ActionKind::move, action.entry.path);
}

bool Execution::mend_move(const Action& action, const RemotePath& to, const CommandResult& result) {
  Commands& commands = s_.connections.commands();
  if (result.status == CommandResult::Status::missing) {
    // Gone from the old name: an earlier run, or the first of two attempts, may have moved it already.
    const CommandResult there = commands.run_one(SizeOf{to});
    return there.status == CommandResult::Status::done && there.size == action.entry.size;
  }
  if (outhaul::make_dirs(commands, to.parent()).status != CommandResult::Status::done) return false;
  const std::optional<StoredObject> object = s_.state.object(action.entry.object);
  return object && commands.run_one(Rename{object->remote_name, to}).status == CommandResult::Status::done;
}

/// Replies went out of step while these were renamed: what stands under either name may be another one's
/// file.
void Execution::prove_moves(std::span<const Action* const> batch, const std::vector<RemotePath>& targets,
                            const std::vector<std::size_t>& doubtful, std::vector<Moved>& done) {
  if (doubtful.empty()) return;
  Commands& commands = s_.connections.commands();
  std::vector<ExpectedContent> expected;
  for (const std::size_t i : doubtful) {
    const std::optional<StoredObject> object = s_.state.object(batch[i]->entry.object);
    if (!object) throw Error(ErrorKind::internal, "the plan moves an object that the state has never had");
    expected.push_back({targets[i], object->size, object->sha256});
    expected.push_back({object->remote_name, object->size, object->sha256});
  }
  const std::vector<FoundContent> found = look_at_contents(commands, expected);
  for (std::size_t k = 0; k < doubtful.size(); ++k) {
    Moved& verdict = done[doubtful[k]];
    const ExpectedContent& to = expected[2 * k];
    const ExpectedContent& from = expected[2 * k + 1];
    if (found[2 * k] == FoundContent::same)
      verdict = Moved::yes;
    else if (found[2 * k + 1] != FoundContent::same)
      verdict = Moved::lost;
    else
      verdict = commands.run_one(Rename{from.path, to.path}).status == CommandResult::Status::done
                    ? Moved::yes
                    : Moved::no;
  }
}

void Execution::transfer() {
  if (!go_on()) return;
  if (transfers_.waiting()) transfers_.run();
  Actions moves = transfers_.take_moves();
  const auto waits = [](const Action* action) { return action->after_removals; };
  std::copy_if(moves.begin(), moves.end(), std::back_inserter(moves_for_later_), waits);
  std::erase_if(moves, waits);
  move(moves);
  if (go_on() && transfers_.waiting()) transfers_.run();
}

/// The second pass: what takes a name that a removal has freed.
void Execution::fill_freed_names() {
  make_dirs(free_ones(later(ActionKind::make_dir)));
  move(free_ones(moves_for_later_));
  if (go_on()) transfers_.publish_held([this](const Action& action) { return is_free(action); });
  if (go_on()) record(free_ones(later(ActionKind::record)));
}

/// The state knows whether the name was freed: an entry that is still there was not removed, and that was
/// said.
bool Execution::is_free(const Action& action) {
  const RelPath& path = action.entry.path;
  if (s_.tally.failed_above(path)) return false;
  const RelPath* twin = s_.cases.waits_for(path);
  if (!s_.state.entry(s_.job_id, path) && (twin == nullptr || !s_.state.entry(s_.job_id, *twin))) return true;
  s_.tally.failed(path, "not stored yet: what had its name could not be taken off the remote",
                  "The message above says why; the next run tries again.");
  return false;
}

Execution::Actions Execution::free_ones(const Actions& actions) {
  Actions free;
  for (const Action* action : actions)
    if (is_free(*action)) free.push_back(action);
  return free;
}

/// Before the state takes them for done. Directories of increments are shared by what lies in them.
void Execution::change_modes(std::span<const Action* const> actions) {
  std::vector<ModeToSet> modes;
  for (const Action* action : actions) {
    if (!action->mode) continue;
    const Entry& entry = action->entry;
    if (entry.kind == EntryKind::directory) {
      if (s_.names == nullptr) modes.push_back({entry.path, {remote_name(entry.path), *action->mode}});
    } else if (const std::optional<StoredObject> object = s_.state.object(entry.object)) {
      modes.push_back({entry.path, {object->remote_name, *action->mode}});
    }
  }
  if (!modes.empty()) set_modes(s_.connections.commands(), s_.tally, modes);
}

/// What the server must be told of waits for the next run when this one has stopped.
void Execution::record(const Actions& planned) {
  Actions actions = planned;
  if (!go_on()) std::erase_if(actions, [](const Action* action) { return action->mode.has_value(); });
  for (std::size_t begin = 0; begin < actions.size(); begin += kBatch) {
    const auto batch = std::span(actions).subspan(begin, std::min(kBatch, actions.size() - begin));
    change_modes(batch);
    Transaction transaction = s_.state.begin();
    for (const Action* action : batch) s_.state.record(s_.job_id, s_.run, action->entry);
    transaction.commit();
    for (const Action* action : batch) {
      ++s_.tally.done().recorded;
      s_.tally.did(ActionKind::record, action->entry.path);
    }
  }
}

void Execution::remove() {
  if (!go_on()) return;
  const Actions forgets = now(ActionKind::forget), leaving = room_.without_doubt(now(ActionKind::retire)),
                files = room_.without_doubt(room_.removals_left()), dirs = now(ActionKind::remove_dir);
  remove_left_behind(false);  // before the directories in which it may lie
  if (forgets.empty() && leaving.empty() && files.empty() && dirs.empty()) return;
  Removals removals(context());
  removals.forget(forgets);
  removals.retire_files(leaving);
  removals.remove_files(files);
  removals.remove_dirs(dirs);
}

void Execution::remove_left_behind(bool second_pass) {
  LeftBehind left = left_behind(plan_, s_.state, s_.job_id, second_pass);
  const bool apart = s_.names != nullptr;  // increments hold all names apart
  if (apart) left.moves.insert(left.moves.end(), left.under_one_name.begin(), left.under_one_name.end());
  if (!apart) end_old_names(left.under_one_name);
  if (left.moves.empty()) return;
  // The guard has judged the plan, or somebody has approved it; these weren't in it.
  const PlanCounts& counts = plan_.counts;
  const std::uint64_t planned = counts.removes + counts.retires;
  const auto too_many = [&](std::uint64_t count) {
    return exceeded_deletion_limit(s_.max_delete, count, counts.stored_files).has_value();
  };
  if (too_many(left.moves.size() + (too_many(planned) ? 0 : planned))) {
    return s_.tally.problem(
        Problem::Severity::error, {},
        fmt::format(
            "{} moved and no longer what they were: their old copies stay on the remote for now, because "
            "they are more than may be removed unasked",
            left.moves.size() == 1 ? "1 file was" : counted(left.moves.size(), "file") + " were"),
        "Look whether that is meant. The next run plans their removal, and its guard asks.");
  }
  std::vector<Action> removals;
  for (const Action* move : left.moves) {
    Action removal;
    removal.kind = s_.job.on_removal == OnRemoval::retire ? ActionKind::retire : ActionKind::remove;
    removal.reason = Reason::removed;
    removal.entry = *s_.state.entry(s_.job_id, move->from);
    removals.push_back(std::move(removal));
  }
  Actions actions;
  for (const Action& removal : removals) actions.push_back(&removal);
  actions = room_.without_doubt(actions);
  if (s_.job.on_removal == OnRemoval::retire)
    Removals(context()).retire_files(actions);
  else
    Removals(context()).remove_files(actions);
}

/// In the state alone. A next run that removed the old name could remove the new copy.
void Execution::end_old_names(const Actions& moves) {
  if (moves.empty()) return;
  Transaction transaction = s_.state.begin();
  for (const Action* move : moves) {
    s_.state.retire_object(move->entry.object, s_.run, State::Fate::gone);
    s_.state.forget(s_.job_id, s_.run, move->from);
  }
  transaction.commit();
  for (const Action* move : moves)
    s_.tally.problem(
        Problem::Severity::note, move->entry.path,
        fmt::format("sent anew; nothing was removed at its old name \"{}\", which may be the same to "
                    "the server",
                    printable(move->from.bytes())),
        "If the old name is still there, `outhaul verify` lists it as foreign: remove it by hand.");
}

}  // namespace

Executor::Executor(Remote& remote, State& state, EventSink& events, Clock& clock, const CancelToken& cancel,
                   int connections, const RetryPolicy& policy, const ConnectionPolicy& connection_policy,
                   const std::vector<BandwidthRule>& bandwidth)
    : remote_(remote),
      state_(state),
      events_(events),
      clock_(clock),
      cancel_(cancel),
      connections_(connections),
      policy_(policy),
      connection_policy_(connection_policy) {
  if (!bandwidth.empty()) throttle_.emplace(bandwidth, clock_, events_);
}

bool needs_settling(const State& state, JobId job) {
  const std::vector<Part> parts = state.parts(job);
  return !state.intents(job).empty() || std::any_of(parts.begin(), parts.end(), [](const Part& part) {
    return part.stage != Part::Stage::sending;
  });
}

JobReport Executor::settle(const Job& job, JobId job_id, RunId run) {
  JobReport report = report_for(job, nullptr);
  if (!needs_settling(state_, job_id)) return report;
  Tally tally(report, events_);
  Connections connections({remote_, 1, connection_policy_, policy_, clock_, cancel_, cancel_, events_});
  try {
    Retirer retirer(run, job.target);
    const JobContext context{job, job_id, run, state_, connections.commands(), tally, retirer};
    Publisher(context).settle(state_.parts(job_id));
    if (!tally.stopped()) settle_intents(context);
  } catch (const RemoteError& error) {
    tally.stop(error.failure(), error.what(), error.advice());
  } catch (const Error& error) {
    tell_of_the_state(error, tally, report);
  }
  report.done.retries += connections.command_retries();
  if (cancel_.cancelled() && report.outcome == ExitCode::done) report.outcome = ExitCode::interrupted;
  return report;
}

JobReport Executor::probe_names(const Job& job, const OddNames& kinds, NameProbe& found) {
  return ask(job, [&](Commands& commands) { found = outhaul::probe_names(commands, kinds); });
}

JobReport Executor::find_taken_names(const Job& job, const Plan& plan, TakenNames& found) {
  return ask(job, [&](Commands& commands) { found = outhaul::find_taken_names(commands, job, plan); });
}

JobReport Executor::ask(const Job& job, const std::function<void(Commands&)>& questions) {
  JobReport report = report_for(job, nullptr);
  Tally tally(report, events_);
  Connections connections({remote_, 1, connection_policy_, policy_, clock_, cancel_, cancel_, events_});
  try {
    questions(connections.commands());
  } catch (const RemoteError& error) {
    tally.stop(error.failure(), error.what(), error.advice());
  }
  report.done.retries += connections.command_retries();
  if (cancel_.cancelled() && report.outcome == ExitCode::done) report.outcome = ExitCode::interrupted;
  return report;
}

JobReport Executor::execute(const Job& job, JobId job_id, RunId run, const Plan& plan) {
  JobReport report = report_for(job, &plan);
  Tally tally(report, events_);
  const SourceTree source(job.source, job.xattrs);
  CancelToken cancel_lanes(cancel_);
  std::optional<Plan> adapted;  // before the connections: their lanes hold on to its actions
  Connections connections({remote_, connections_, connection_policy_, policy_, clock_, cancel_, cancel_lanes,
                           events_, throttle_ ? &*throttle_ : nullptr});
  CaseGuard cases(job, job_id, state_, tally, connections, known_names_);
  Retirer retirer(run, job.target);
  std::optional<IncrementNames> names;
  if (job.append_only)
    names.emplace(job, run, started_ns(state_, run),
                  NameFold{known_names_.case_sensitive != true, kAllOddNames - known_names_.kept});
  try {
    if (!names) adapted = cases.adapt(plan);  // increments hold such names apart
    Certainty own(job, state_, cancel_);
    Execution execution(
        {job, job_id, run, state_, tally, connections, cancel_lanes, cancel_, cases, retirer, room_,
         room_.certainty != nullptr ? *room_.certainty : own, max_delete_, names ? &*names : nullptr},
        adapted ? *adapted : plan, source);
    if (auto refusal = execution.run()) report.refusals.push_back(std::move(*refusal));
    ran_out_of_space_ = execution.ran_out_of_space();
  } catch (const RemoteError& error) {
    cancel_lanes.cancel();
    tally.stop(error.failure(), error.what(), error.advice());
  } catch (const Error& error) {
    cancel_lanes.cancel();  // or the lanes would end what they are sending before anybody hears of this
    tell_of_the_state(error, tally, report);
  } catch (...) {
    cancel_lanes.cancel();
    throw;
  }
  connections_seen_ = connections.seen();
  known_names_ = cases.known();
  report.done.retries += connections.command_retries();
  if (cancel_.cancelled() && report.outcome == ExitCode::done) report.outcome = ExitCode::interrupted;
  if (cancel_.cancelled() || tally.stopped() || report.remote_lost || ran_out_of_space_)
    tally.tell_what_is_left();
  return report;
}

JobReport Executor::expire(const Job& job, JobId job_id, RunId run,
                           const std::vector<OpenProblem>& problems) {
  JobReport report = report_for(job, nullptr);
  Tally tally(report, events_);
  Connections connections({remote_, 1, connection_policy_, policy_, clock_, cancel_, cancel_, events_});
  try {
    Retirer retirer(run, job.target);
    Expiry({job, job_id, run, state_, connections.commands(), tally, retirer}, problems).run(cancel_);
  } catch (const RemoteError& error) {
    tally.stop(error.failure(), error.what(), error.advice());
  } catch (const Error& error) {
    tell_of_the_state(error, tally, report);
  }
  report.done.retries += connections.command_retries();
  if (cancel_.cancelled() && report.outcome == ExitCode::done) report.outcome = ExitCode::interrupted;
  return report;
}

}  // namespace outhaul
