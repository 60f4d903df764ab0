#include "restore/restorer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/nanoseconds.h"
#include "lanes/commands.h"

namespace outhaul {
namespace {

using Kind = RestoreStep::Kind;
using Severity = Problem::Severity;
using Status = FetchOutcome::Status;

/// So many files that failed one after the other, although each was retried, and it is the remote.
constexpr int kHopeless = 3;

constexpr const char* kAgain =
    "Then restore again: what is there already is compared, not fetched, and unfinished files go on where "
    "they "
    "stopped.";

std::string with_full_stop(std::string sentence) {
  return sentence.ends_with('.') ? sentence : sentence + '.';
}

RelPath parent_of(const Entry& entry) {
  return RelPath::trusted(std::string(entry.path.parent()));
}

[[noreturn]] void fail(const char* doing, const Entry& entry) {
  const int error = errno;
  const std::string what =
      fmt::format("can't {} \"{}\": {}", doing, printable(entry.path.bytes()), std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EIO)
    throw Error(ErrorKind::local_io, what, "Free space, or mend the disk.");
  throw PathError(error, what, error == EPERM ? "This file system may have no such thing." : "");
}

/// Of the whole remote, not of one file.
bool is_of_all(FailureClass failure) {
  return failure == FailureClass::stop_run || failure == FailureClass::stop_job;
}

}  // namespace

void tell(RestoreJobReport& report, EventSink& events, Problem problem) {
  problem.job = report.job;
  events.on(ProblemFound{problem});
  ++report.problem_count;
  if (problem.severity == Severity::error) report.outcome = worst_of(report.outcome, ExitCode::incomplete);
  if (report.problems.size() < JobReport::kMaxProblems) report.problems.push_back(std::move(problem));
}

Restorer::Restorer(const Context& context, RestoreJobReport& report)
    : context_(context), report_(report), cancel_lanes_(context.cancel), metadata_(context.metadata) {}

void Restorer::run(RestorePlan& plan) {
  settled_.assign(plan.steps.size(), false);
  make_dirs(plan);
  make_small_things(plan);
  Indices files;
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if ((plan.steps[i].kind == Kind::fetch || plan.steps[i].kind == Kind::compare) &&
        !is_below_failed(plan.steps[i].entry))
      files.push_back(i);
  transfer(plan, files);
  link_names(plan);
  if (go_on()) finish_dirs(plan);
  tell_losses(metadata_.losses());
  tell_unproven();
  for (const auto& [note, count] : notes_)
    if (count > 1)
      problem(Severity::note, nullptr, fmt::format("{} (and so for {} others)", note, count - 1));
  tell_what_is_left(plan);
  if (context_.cancel.cancelled()) report_.outcome = worst_of(report_.outcome, ExitCode::interrupted);
}

// --- telling
// -------------------------------------------------------------------------------------------------------------

void Restorer::problem(Severity severity, const Entry* entry, std::string message, std::string advice) {
  tell(report_, context_.events,
       {severity,
        {},
        entry == nullptr ? std::string{} : printable(entry->path.bytes()),
        std::move(message),
        std::move(advice)});
}

void Restorer::stop(ExitCode outcome, const std::string& message, const std::string& advice) {
  if (stopped_) return;
  stopped_ = true;
  cancel_lanes_.cancel();
  problem(Severity::error, nullptr, message, advice.empty() ? kAgain : with_full_stop(advice) + " " + kAgain);
  report_.outcome = worst_of(report_.outcome, outcome);
}

bool Restorer::attempt(const RestoreStep& step, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const PathError& error) {
    if (error.errno_value() == ENOSPC || error.errno_value() == EDQUOT)
      stop(ExitCode::failed, error.what(), "Free space.");
    else
      problem(Severity::error, &step.entry, error.what(), error.advice());
  } catch (const Error& error) {
    stop(exit_code_for(error.kind()), error.what(), error.advice());
  }
  return false;
}

/// The same sentence for thousands of files is told once, and then counted.
void Restorer::tell_notes(const Entry& entry, const std::vector<std::string>& notes) {
  for (const std::string& note : notes)
    if (++notes_[note] == 1) problem(Severity::warning, &entry, note);
}

void Restorer::tell_losses(const MetadataLosses& losses) {
  if (losses.not_root > 0)
    problem(Severity::note, nullptr,
            fmt::format("owner, group or attributes that take root were left out for {} restored things",
                        losses.not_root),
            "Restore as root to get them back, too.");
  if (losses.no_xattrs > 0)
    problem(Severity::note, nullptr,
            fmt::format("{} restored things lack extended attributes: this file system has none",
                        losses.no_xattrs));
}

void Restorer::tell_unproven() {
  if (unproven_ > 0)
    problem(
        Severity::note, nullptr,
        fmt::format("{} of the restored files have no SHA-256 in the state: only their sizes were compared",
                    unproven_));
}

/// One message, for the directory, is enough.
bool Restorer::is_below_failed(const Entry& entry) const {
  return !failed_dirs_.empty() && failed_dirs_.contains(std::string(entry.path.parent()));
}

void Restorer::restored(const RestoreStep& step, std::uint64_t bytes) {
  context_.events.on(EntryRestored{step.entry.kind, step.entry.path.bytes(), bytes});
}

void Restorer::tell_what_is_left(const RestorePlan& plan) {
  if (go_on()) return;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const RestoreStep& step = plan.steps[i];
    const bool content = step.kind == Kind::fetch || step.kind == Kind::compare;
    if (!content || settled_[i]) continue;
    ++report_.left.files;
    report_.left.bytes += step.copy.size;
  }
}

// --- what needs no remote
// -----------------------------------------------------------------------------------------------

void Restorer::make_dirs(const RestorePlan& plan) {
  for (std::size_t i = 0; i < plan.steps.size() && go_on(); ++i) {
    const RestoreStep& step = plan.steps[i];
    if (step.kind == Kind::keep_dir) settled_[i] = true;
    if (step.kind != Kind::make_dir) continue;
    settled_[i] =
        !is_below_failed(step.entry) && attempt(step, [&] { context_.to.make_dir(step.entry.path); });
    if (!settled_[i]) {
      failed_dirs_.insert(step.entry.path.bytes());
      continue;
    }
    ++report_.done.dirs_made;
    restored(step, 0);
  }
}

void Restorer::make_small_things(const RestorePlan& plan) {
  for (std::size_t i = 0; i < plan.steps.size() && go_on(); ++i) {
    const RestoreStep& step = plan.steps[i];
    if (is_below_failed(step.entry)) continue;
    if (step.kind == Kind::make_file)
      settled_[i] = attempt(step, [&] { make_empty_file(step); });
    else if (step.kind == Kind::make_symlink)
      settled_[i] = attempt(step, [&] { make_symlink(step); });
    else
      continue;
    if (settled_[i]) restored(step, 0);
  }
}

void Restorer::make_empty_file(const RestoreStep& step) {
  const Fd dir = context_.to.open_dir(parent_of(step.entry));
  const std::string name = part_name(step);
  ::unlinkat(dir.get(), name.c_str(), 0);
  const Fd file(
      ::openat(dir.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) fail("make", step.entry);
  tell_notes(step.entry, metadata_.apply(file.get(), step.entry));
  put_in_place(dir.get(), name, step.entry.path, step.replaces);
  ++report_.done.empty_files;
}

void Restorer::make_symlink(const RestoreStep& step) {
  const Entry& entry = step.entry;
  if (entry.link_target.empty() || entry.link_target.find('\0') != std::string::npos)
    throw PathError(
        EINVAL,
        fmt::format("the state has no possible target for the symlink \"{}\"", printable(entry.path.bytes())),
        "The state is damaged or was tampered with. What else it says is restored all the same.");
  const Fd dir = context_.to.open_dir(parent_of(entry));
  const std::string name = part_name(step);
  ::unlinkat(dir.get(), name.c_str(), 0);
  if (::symlinkat(entry.link_target.c_str(), dir.get(), name.c_str()) != 0) fail("make the symlink", entry);
  tell_notes(entry, metadata_.apply_to_symlink(dir.get(), name, entry));
  put_in_place(dir.get(), name, entry.path, step.replaces);
  ++report_.done.symlinks;
}

/// Without leave to replace anything, only what an attempt of ours has made, or what differs in its time
/// alone, gets metadata: putting something into a directory moves that.
bool Restorer::may_finish(int dir, const RestoreStep& step) {
  if (context_.overwrite != Overwrite::never) return true;
  struct stat st {};
  if (::fstat(dir, &st) != 0) fail("look at", step.entry);
  if ((st.st_mode & 07777) == kUnfinishedDir && st.st_uid == ::geteuid()) return true;
  Entry but_for_time = step.entry;
  but_for_time.mtime_ns = ns_of(st.st_mtim);
  if (metadata_.matches(dir, but_for_time)) return true;
  problem(Severity::warning, &step.entry,
          "the directory was there already: it keeps its mode, owner and times, which are not the backup's",
          "--overwrite changed sets them.");
  return false;
}

/// Last, because everything that is made in a directory moves its time; what is below first.
void Restorer::finish_dirs(const RestorePlan& plan) {
  std::vector<const RestoreStep*> dirs;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const RestoreStep& step = plan.steps[i];
    if (settled_[i] && !step.bare && (step.kind == Kind::make_dir || step.kind == Kind::keep_dir))
      dirs.push_back(&step);
  }
  std::sort(dirs.begin(), dirs.end(),
            [](const RestoreStep* a, const RestoreStep* b) { return a->entry.path > b->entry.path; });
  for (const RestoreStep* step : dirs) {
    if (!go_on()) return;
    attempt(*step, [&] {
      const Fd dir = context_.to.open_dir(step->entry.path);
      if (step->kind == Kind::keep_dir && !may_finish(dir.get(), *step)) return;
      tell_notes(step->entry, metadata_.apply(dir.get(), step->entry));
    });
  }
}

// --- files
// ---------------------------------------------------------------------------------------------------------------

void Restorer::transfer(RestorePlan& plan, const Indices& which) {
  fetch(plan, which);
  const Indices again = std::exchange(moved_, {});
  fetch(plan, again);
}

void Restorer::fetch(RestorePlan& plan, const Indices& which) {
  if (which.empty() || !go_on()) return;
  const Fetcher::Context context{context_.to,    context_.overwrite, context_.metadata, context_.retry,
                                 context_.clock, cancel_lanes_,      context_.events,   context_.throttle};
  FetchPool pool(context_.remote, context_.lanes, context, context_.connections);
  pool.run(plan.steps, which, [&](FetchOutcome&& outcome) { return take(plan, std::move(outcome)); });
  tell_losses(pool.losses());
}

/// The state knows of another name for it than when the plan was made.
bool Restorer::has_moved(RestoreStep& step, const FetchOutcome& outcome) {
  if (outcome.status != Status::damaged || !context_.look_again) return false;
  RemoteCopy now = context_.look_again(step.entry);
  if (!now.missing.empty() || now.name == step.copy.name) return false;
  step.copy = std::move(now);
  return true;
}

/// False when no further file shall be begun.
bool Restorer::take(RestorePlan& plan, FetchOutcome&& outcome) {
  RestoreStep& step = plan.steps[outcome.step];
  RestoreDone& done = report_.done;
  done.bytes_received += outcome.received;
  done.retries += outcome.retries;
  tell_notes(step.entry, outcome.notes);
  switch (outcome.status) {
    case Status::fetched:
      ++done.files_fetched;
      done.bytes_fetched += step.copy.size;
      unproven_ += step.copy.sha256 ? 0 : 1;
      done.resumed_bytes += outcome.resumed;
      failures_in_a_row_ = 0;
      break;
    case Status::mended:
      ++done.metadata;
      [[fallthrough]];
    case Status::equal:
      ++done.files_equal;
      done.bytes_equal += step.copy.size;
      break;
    default:
      if (!has_moved(step, outcome)) return take_failure(step, outcome);
      moved_.push_back(outcome.step);
      return go_on();
  }
  settled_[outcome.step] = true;
  restored(step, outcome.status == Status::fetched ? step.copy.size : 0);
  return go_on();
}

/// Nothing ever came, or nothing comes any more, although each file was tried again and again.
bool Restorer::is_hopeless() {
  return ++failures_in_a_row_ >= kHopeless || report_.done.bytes_received == 0;
}

bool Restorer::take_failure(const RestoreStep& step, const FetchOutcome& outcome) {
  switch (outcome.status) {
    case Status::differs:
      problem(Severity::error, &step.entry,
              "left as it is: a file that differs from the backup's stands there",
              "--overwrite changed replaces what differs; or restore to an empty directory.");
      break;
    case Status::other_metadata:
      problem(Severity::error, &step.entry,
              "left as it is: its content is the backup's, but its mode, owner, times or attributes are not",
              "--overwrite changed sets them.");
      break;
    case Status::stopped:
      stop(exit_code_for(outcome.kind), outcome.message, outcome.advice);
      break;
    case Status::unreachable:
      if (outcome.failure == FailureClass::cancelled) break;
      if (is_of_all(outcome.failure) || (is_passing(outcome.failure) && is_hopeless())) {
        stop(ExitCode::remote_unusable, outcome.message, outcome.advice);
        break;
      }
      [[fallthrough]];
    default:
      problem(Severity::error, &step.entry, outcome.message, outcome.advice);
  }
  return go_on();
}

/// What can't be linked is fetched: each name has an object of its own.
void Restorer::link_names(RestorePlan& plan) {
  Indices apart;
  for (std::size_t i = 0; i < plan.steps.size() && go_on(); ++i) {
    const RestoreStep& step = plan.steps[i];
    if (step.kind != Kind::link || is_below_failed(step.entry)) continue;
    if (settled_[step.leader]) attempt(step, [&] { settled_[i] = link_to(step, plan.steps[step.leader]); });
    if (!settled_[i]) {
      apart.push_back(i);
      continue;
    }
    ++report_.done.links;
    restored(step, 0);
  }
  transfer(plan, apart);
}

/// False when the file system has no such link.
bool Restorer::link_to(const RestoreStep& step, const RestoreStep& leader) {
  const Fd from = context_.to.open_dir(parent_of(leader.entry));
  const Fd dir = context_.to.open_dir(parent_of(step.entry));
  const std::string original(leader.entry.path.name()), name = part_name(step);
  const auto here = look_at(dir.get(), std::string(step.entry.path.name()), step.entry.path);
  const auto there = look_at(from.get(), original, leader.entry.path);
  if (!there || there->kind != Standing::Kind::file) return false;
  if (here && here->dev == there->dev && here->inode == there->inode) return true;
  ::unlinkat(dir.get(), name.c_str(), 0);
  if (::linkat(from.get(), original.c_str(), dir.get(), name.c_str(), 0) != 0) {
    if (errno == EPERM || errno == EMLINK || errno == EXDEV || errno == EOPNOTSUPP) return false;
    fail("link", step.entry);
  }
  put_in_place(dir.get(), name, step.entry.path, step.replaces);
  return true;
}

}  // namespace outhaul
