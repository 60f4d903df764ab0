// The comparison with the listings.
#include "verify/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "outhaul/names.h"
#include "outhaul/shown.h"

namespace outhaul {
namespace {

using Kind = VerifyFinding::Kind;

constexpr const char* kVersionsDir = ".outhaul/versions";
/// What is under way at a time: enough for all lanes, little enough for memory.
constexpr std::size_t kDirectories = 64;
constexpr std::uint64_t kObjects = 100'000;
/// Sizes that are asked for at once.
constexpr std::size_t kQuestions = 500;

const RemotePath& versions_dir() {
  static const RemotePath dir = RemotePath::parse(kVersionsDir);
  return dir;
}

bool is_version(const KnownObject& object) {
  return object.status != ObjectStatus::live;
}

}  // namespace

Verifier::Verifier(const VerifyContext& context, const std::vector<VerifyJob>& jobs,
                   const VerifyOptions& options)
    : context_(context), jobs_(jobs), options_(options) {
  for (const VerifyJob& job : jobs) names_.emplace(job.scope.id, job.name);
}

VerifyReport Verifier::run() {
  report_.remote = context_.remote.describe();
  report_.started_ns = context_.clock.now_ns();
  try {
    list_all();
    listed_ = !stopped();
    if (listed_) read_back();
  } catch (const RemoteError& error) {
    stop_for(error);
  }
  write_readings(true);
  if (listed_) record();
  conclude();
  return std::move(report_);
}

Crew::Context Verifier::crew_context() const {
  return {context_.remote, std::max(1, context_.connections), context_.retry, context_.clock, context_.cancel,
          context_.events};
}

void Verifier::list_all() {
  std::vector<JobScope> scopes;
  for (const VerifyJob& job : jobs_) scopes.push_back(job.scope);
  const std::unique_ptr<Inventory> inventory = context_.state.inventory(scopes);
  VerifyLanes lanes(crew_context());
  KnownDir known;
  std::uint64_t sequence = 0;
  for (bool more = true; (more || next_ < sequence) && !stopped();) {
    const bool room = sequence - next_ < kDirectories && (objects_under_way_ < kObjects || next_ == sequence);
    if (more && room) {
      more = inventory->next(known);
      bool compare = true;
      if (!more || !is_wanted(known, compare)) continue;
      if (is_absent(known.dir)) {
        skip_absent(known);
        continue;
      }
      objects_under_way_ += known.objects.size();
      lanes.crew().submit(std::make_unique<ListTask>(sequence++, std::move(known), compare));
      known = {};
      continue;
    }
    for (std::unique_ptr<LaneTask>& task : lanes.wait()) take(std::move(task), lanes);
  }
  if (!stopped()) ask(lanes);
  seen_ = lanes.seen();
}

/// Directories are judged in the order of their paths, so that what is above one is known before it.
void Verifier::take(std::unique_ptr<LaneTask> task, VerifyLanes& lanes) {
  const std::uint64_t number = static_cast<const ListTask&>(*task).number;
  early_.emplace(number, std::move(task));
  for (auto at = early_.begin(); at != early_.end() && at->first == next_ && !stopped();
       at = early_.begin()) {
    const std::unique_ptr<LaneTask> turn = std::move(at->second);
    early_.erase(at);
    ++next_;
    const auto& listing = static_cast<const ListTask&>(*turn);
    objects_under_way_ -= listing.known.objects.size();
    listing.failure ? judge_unlisted(listing, lanes) : judge(listing, lanes);
    context_.events.on(
        ScanProgress{report_.counts.objects, report_.counts.directories, report_.counts.bytes});
  }
}

/// Of what lies outside the targets and the versions, only the way to them is looked at.
bool Verifier::is_wanted(const KnownDir& known, bool& compare) const {
  static const RemotePath control = RemotePath::parse(kControlDir);
  if (known.dir.is_at_or_below(control)) {
    compare = known.dir.is_at_or_below(versions_dir());
    return versions_dir().is_at_or_below(known.dir) || compare;
  }
  compare = std::ranges::any_of(
      jobs_, [&](const VerifyJob& job) { return known.dir.is_at_or_below(job.scope.target); });
  return compare || std::ranges::any_of(jobs_, [&](const VerifyJob& job) {
           return job.scope.target.is_at_or_below(known.dir);
         });
}

/// The one that is in the set; nothing below one is ever put into it.
std::optional<RemotePath> Verifier::topmost_absent(const RemotePath& dir) const {
  if (absent_.empty()) return std::nullopt;
  for (RemotePath at = dir; !at.empty(); at = at.parent())
    if (absent_.contains(at)) return at;
  return std::nullopt;
}

void Verifier::count(const KnownObject& object) {
  ++report_.counts.objects;
  report_.counts.bytes += object.size;
  stored_ += is_version(object) ? 0 : 1;
}

void Verifier::judge(const ListTask& task, VerifyLanes& lanes) {
  const KnownDir& known = task.known;
  const DirectoryComparison found = compare_directory(known, task.listing);
  ++report_.counts.directories;
  if (!task.listing.untrusted.empty() && task.compare) {
    ++report_.counts.untrusted;
    context_.events.on(Notice{
        fmt::format("the listing of {} can't be trusted: {}", shown(known.dir), task.listing.untrusted)});
  }
  for (const std::string& name : found.absent_dirs) absent_.insert(known.dir / RemotePath::parse(name));
  if (!task.compare) return;
  std::vector<bool> doubtful(known.objects.size());
  for (const SizeDoubt& doubt : found.doubts) doubtful[doubt.object] = true;
  for (std::size_t i = 0; i < known.objects.size(); ++i) {
    if (!chosen(known.objects[i])) continue;
    count(known.objects[i]);
    report_.counts.listed += doubtful[i] ? 0 : 1;
  }
  tell_foreign(known, found);
  question(known, found, lanes);
}

void Verifier::tell_foreign(const KnownDir& known, const DirectoryComparison& found) {
  if (!options_.all_jobs && known.dir.is_at_or_below(versions_dir())) return;
  for (const RemoteEntry& entry : found.foreign) {
    RemotePath path;
    try {
      path = known.dir / RemotePath::parse(entry.name);
    } catch (const Error&) {
      continue;  // a name that no command can hold
    }
    const bool dir = entry.kind == RemoteEntry::Kind::directory;
    find(Kind::foreign, path, known.job, false,
         dir ? "a directory that outhaul doesn't know" : "a file that outhaul doesn't know");
  }
}

/// A directory that its parent shows, and that can't be listed all the same, casts doubt on what is in it.
/// One that its parent doesn't show isn't there.
void Verifier::judge_unlisted(const ListTask& task, VerifyLanes& lanes) {
  const KnownDir& known = task.known;
  const RemoteError& error = *task.failure;
  if (error.failure() != FailureClass::skip_file) return stop_for(error);
  if (is_absent(known.dir)) return skip_absent(known);
  const bool base = known.dir.empty() || (base_is_unlisted_ && task.not_there());
  if (known.dir.empty()) base_is_unlisted_ = task.not_there();
  if (!task.compare) return;
  if (base && !mark_is_there(lanes))
    return stop_for(RemoteError(
        FailureClass::stop_run, fmt::format("the remote's directory can't be listed: {}", error.what()),
        "Check the URL's directory, and that the server has its disk mounted. Nothing was concluded from it.",
        error.reply_code(), error.reply_text()));
  ++report_.counts.untrusted;
  if (!base)
    find(Kind::unproven, known.dir, known.job, false, fmt::format("can't be listed: {}", error.what()));
  const DirectoryComparison nothing = without_listing(known);
  for (const KnownObject& object : known.objects)
    if (chosen(object)) count(object);
  question(known, nothing, lanes);
}

/// Asked once. Where the account may list nothing, every file is asked for by name, and nobody can tell what
/// else is there.
bool Verifier::mark_is_there(VerifyLanes& lanes) {
  if (!marked_) {
    marked_ = !context_.mark.empty() &&
              lanes.commands().run_one(SizeOf{context_.mark}).status == CommandResult::Status::done;
    if (*marked_)
      context_.events.on(
          Notice{"this account may list nothing on the server: each file is asked for by its name, "
                 "and what else lies there is not known"});
  }
  return *marked_;
}

/// One finding stands for everything below the topmost directory that isn't there.
void Verifier::skip_absent(const KnownDir& known) {
  const bool holds = std::ranges::any_of(known.objects, [&](const KnownObject& o) { return chosen(o); });
  if (!known.path && !holds) return;
  ++report_.counts.directories_missing;
  if (known.path) lost_dirs_.emplace_back(known.job, *known.path);
  if (const auto top = topmost_absent(known.dir); told_absent_.insert(*top).second)
    find(Kind::directory_missing, *top, known.job, false, "is not there, nor is anything below it");
  for (const KnownObject& object : known.objects) {
    if (!chosen(object)) continue;
    count(object);
    ++report_.counts.missing;
    lose(object);
  }
}

void Verifier::question(const KnownDir& known, const DirectoryComparison& found, VerifyLanes& lanes) {
  const auto unlisted = std::make_shared<UnlistedNames>(found.foreign, known.objects);
  for (const SizeDoubt& doubt : found.doubts) {
    const KnownObject& object = known.objects[doubt.object];
    if (chosen(object)) questions_.push_back({object, known.dir, doubt, unlisted});
    if (questions_.size() >= kQuestions) ask(lanes);
  }
}

void Verifier::ask(VerifyLanes& lanes) {
  if (questions_.empty()) return;
  std::vector<Command> sizes;
  for (const Question& question : questions_)
    sizes.push_back(SizeOf{question.dir / RemotePath::parse(question.object.name)});
  const std::vector<CommandResult> answers = lanes.commands().run(sizes);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Question& asked = questions_[i];
    const SizeVerdict verdict = judge_size(asked.object, asked.doubt, answers[i], *asked.unlisted);
    if (verdict.proven) {
      ++report_.counts.asked;
      continue;
    }
    find(verdict.finding, std::get<SizeOf>(sizes[i]).path, asked.object.job, is_version(asked.object),
         verdict.message);
    if (verdict.finding == Kind::unproven) continue;
    ++(verdict.finding == Kind::missing ? report_.counts.missing : report_.counts.size_differs);
    lose(asked.object);
  }
  questions_.clear();
}

void Verifier::lose(const KnownObject& object) {
  lost_.insert(static_cast<std::int64_t>(object.id));
  lost_files_ += is_version(object) ? 0 : 1;
}

void Verifier::find(Kind kind, const RemotePath& path, JobId job, bool version, std::string message) {
  report_.counts.foreign += kind == Kind::foreign ? 1 : 0;
  report_.counts.unproven += kind == Kind::unproven ? 1 : 0;
  const auto name = names_.find(job);
  VerifyFinding finding{kind, name == names_.end() ? std::string{} : name->second, path, version,
                        std::move(message)};
  if (kind != Kind::foreign) {
    Problem problem;
    problem.job = finding.job;
    problem.path = printable(path.empty() ? "." : path.wire());
    problem.message = (version ? "a version: " : "") + finding.message;
    context_.events.on(ProblemFound{std::move(problem)});
  }
  ++report_.finding_count;
  // What is wrong must not be crowded out by what is only foreign.
  if (report_.findings.size() < VerifyReport::kMaxFindings) {
    report_.findings.push_back(std::move(finding));
  } else if (kind != Kind::foreign) {
    const auto foreign = std::ranges::find(report_.findings, Kind::foreign, &VerifyFinding::kind);
    if (foreign != report_.findings.end()) *foreign = std::move(finding);
  }
}

void Verifier::stop_for(const RemoteError& error) {
  if (!report_.message.empty()) return;
  report_.message = error.what();
  report_.advice = error.advice();
  report_.outcome =
      error.failure() == FailureClass::cancelled ? ExitCode::interrupted : ExitCode::remote_unusable;
}

VerifyReport verify_objects(const VerifyContext& context, const std::vector<VerifyJob>& jobs,
                            const VerifyOptions& options, ConnectionUse* seen) {
  Verifier verifier(context, jobs, options);
  VerifyReport report = verifier.run();
  if (seen != nullptr) *seen = verifier.seen();
  return report;
}

}  // namespace outhaul
