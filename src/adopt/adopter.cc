#include "adopt/adopter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "execute/proof.h"
#include "outhaul/names.h"
#include "outhaul/shown.h"

namespace outhaul {
namespace {

using Kind = AdoptFinding::Kind;
using Status = CommandResult::Status;

/// What is compared and committed together.
constexpr std::size_t kBatch = 200;
constexpr std::size_t kPiece = 256 * 1024;

RemotePath name_in(const RemotePath& dir, const std::string& wire) {
  return dir / RemotePath::parse(wire);
}

}  // namespace

Adopter::Adopter(const AdoptContext& context, const Job& job, AdoptCompare compare, TimesAre times)
    : context_(context), job_(job), compare_(compare), times_(times), source_(job.source) {
  report_.job = job.name;
  report_.source = job.source.native();
  report_.target = job.target.wire();
}

JobAdoption Adopter::adopt(ScanStream& scanned, JobId id, RunId run) {
  id_ = id;
  run_ = run;
  read_source(scanned);
  VerifyLanes lanes({context_.remote, std::max(1, context_.connections), context_.retry, context_.clock,
                     context_.cancel, context_.events});
  if (compare_ == AdoptCompare::hash) {
    digest_ = offered_digest(lanes.commands(), job_.target);
    if (!digest_)
      throw Error(ErrorKind::remote, "the server computes no digests, which \"--compare hash\" asks for",
                  "Use --compare read, which fetches every file, or --compare mtime.");
  }
  list_all(lanes);
  record_entries();
  compare_all(lanes);
  remove_foreign(lanes);
  for (const auto& listed : children_)
    for (const Entry& entry : listed.second) report_.missing += entry.kind == EntryKind::file ? 1 : 0;
  return std::move(report_);
}

void Adopter::read_source(ScanStream& scanned) {
  for (ScanItem item; scanned.next(item);)
    if (auto* entry = std::get_if<Entry>(&item))
      children_[std::string(entry->path.parent())].push_back(std::move(*entry));
    else
      foreign_.scanned(std::get<ScanProblem>(item));
  if (children_.empty()) foreign_.doubt("the source is empty");
}

void Adopter::submit(const RelPath& path, const RemotePath& dir, VerifyLanes& lanes) {
  KnownDir wanted;
  wanted.dir = dir;
  under_way_.emplace(next_, path);
  lanes.crew().submit(std::make_unique<ListTask>(next_++, std::move(wanted), true));
}

void Adopter::list_all(VerifyLanes& lanes) {
  submit({}, job_.target, lanes);
  while (lanes.open() > 0)
    for (const std::unique_ptr<LaneTask>& task : lanes.wait()) {
      const auto& listed = static_cast<const ListTask&>(*task);
      if (!listed.failure && foreign_listings_.contains(listed.number))
        take_foreign_listing(listed, lanes);
      else if (!listed.failure)
        take_listing(listed, lanes);
      else if (listed.failure->failure() != FailureClass::skip_file)
        throw RemoteError(*listed.failure);
      else if (!listed.not_there() || !listed.known.dir.empty()) {
        foreign_.doubt(fmt::format("{} can't be listed", shown(listed.known.dir)));
        context_.events.on(
            Notice{fmt::format("{} can't be listed: {}", shown(listed.known.dir), listed.failure->what())});
      }
      under_way_.erase(listed.number);
    }
}

/// What is taken out of children_ is dealt with; what stays there the remote hasn't got.
void Adopter::take_listing(const ListTask& task, VerifyLanes& lanes) {
  const RelPath path = under_way_.at(task.number);
  const RemotePath& dir = task.known.dir;
  std::vector<Entry> absent;
  std::unordered_set<std::string> known;
  std::vector<Entry> entries;
  if (const auto at = children_.find(path.bytes()); at != children_.end())
    entries = std::exchange(at->second, {});
  for (Entry& entry : entries) {
    const RemotePath full = remote_path_for(job_.target, entry.path, job_.names);
    const std::string ours(full.name());
    if (entry.kind == EntryKind::symlink) {
      entries_.push_back(std::move(entry));
    } else if (entry.kind == EntryKind::directory) {
      const auto at = std::ranges::lower_bound(task.listing.entries, ours, {}, &RemoteEntry::name);
      const bool there = at != task.listing.entries.end() && at->name == ours;
      if (there) known.insert(ours);
      if (!there || at->kind != RemoteEntry::Kind::directory) continue;
      ++report_.directories;
      submit(entry.path, full, lanes);
      entries_.push_back(std::move(entry));
    } else {
      const Match match = match_file(entry, ours, task.listing, compare_, times_);
      if (match.what == Match::What::absent) {
        absent.push_back(std::move(entry));
        continue;
      }
      known.insert(match.name);
      if (match.what == Match::What::differs)
        differs(name_in(dir, match.name), match.message);
      else
        candidates_.push_back({std::move(entry), name_in(dir, match.name), {}, {}});
    }
  }
  if (!absent.empty()) children_[path.bytes()] = std::move(absent);
  tell_foreign(dir, task.listing, known, lanes);
}

void Adopter::tell_foreign(const RemotePath& dir, const Listing& listing,
                           const std::unordered_set<std::string>& known, VerifyLanes& lanes) {
  foreign_.listed(dir, listing);
  for (const RemoteEntry& entry : listing.entries) {
    if (known.contains(entry.name) || (dir.empty() && entry.name == kControlDir)) continue;
    ++report_.foreign;
    try {
      const RemotePath path = name_in(dir, entry.name);
      find(Kind::foreign, path,
           entry.kind == RemoteEntry::Kind::directory ? "a directory that the source hasn't got"
                                                      : "the source hasn't got it");
      take_foreign(path, entry.kind, lanes);
    } catch (const Error&) {
      // A name that no command can hold can't be shown as a path, either, nor deleted.
    }
  }
}

/// What will be deleted must be known to the last file.
void Adopter::take_foreign(const RemotePath& path, RemoteEntry::Kind kind, VerifyLanes& lanes) {
  if (job_.foreign != OnForeign::remove) return;
  if (kind != RemoteEntry::Kind::directory) return foreign_.add_file(path);
  foreign_.add_dir(path);
  foreign_listings_.insert(next_);
  submit({}, path, lanes);
}

void Adopter::take_foreign_listing(const ListTask& task, VerifyLanes& lanes) {
  const RemotePath& dir = task.known.dir;
  foreign_.listed(dir, task.listing);
  for (const RemoteEntry& entry : task.listing.entries) {
    try {
      take_foreign(name_in(dir, entry.name), entry.kind, lanes);
    } catch (const Error&) {
      foreign_.doubt(fmt::format("{} holds a name that no command can hold", shown(dir)));
    }
  }
}

/// Last, when all that is ours is known and recorded.
void Adopter::remove_foreign(VerifyLanes& lanes) {
  if (job_.foreign != OnForeign::remove || foreign_.empty()) return;
  Problem problem;
  problem.job = job_.name;
  if (!foreign_.why_not().empty()) {
    problem.message = fmt::format("nothing foreign is deleted, because {}", foreign_.why_not());
    problem.advice = "Mend that, and adopt again; what was taken over stays.";
    report_.problems.push_back(std::move(problem));
    return;
  }
  if (context_.state != nullptr) foreign_.spare(*context_.state, id_);
  const std::uint64_t there = foreign_.count() + report_.files + report_.differing;
  const auto refusal =
      judge_foreign(foreign_.count(), there, context_.safety, foreign_.id(), context_.approve);
  if (refusal) report_.refusals.push_back(*refusal);
  if (refusal || context_.state == nullptr) return;
  const Foreign::Outcome outcome = foreign_.remove(lanes.commands());
  report_.deleted = outcome.files;
  for (const auto& [path, why] : outcome.failed) {
    if (report_.problems.size() == JobAdoption::kMaxFindings) break;
    problem.path = printable(path.wire());
    problem.message = fmt::format("the source hasn't got it, but it can't be deleted: {}", why);
    problem.advice = "Check the account's permissions there, or delete it by hand.";
    report_.problems.push_back(problem);
  }
}

void Adopter::compare_all(VerifyLanes& lanes) {
  while (!candidates_.empty()) {
    if (context_.cancel.cancelled()) throw RemoteError(FailureClass::cancelled, "stopped on request");
    std::vector<Candidate> batch;
    while (!candidates_.empty() && batch.size() < kBatch) {
      Candidate candidate = std::move(candidates_.front());
      candidates_.pop_front();
      if (hash_here(candidate)) batch.push_back(std::move(candidate));
    }
    if (compare_ == AdoptCompare::hash) ask_digests(batch, lanes.commands());
    if (compare_ == AdoptCompare::read) read_back(batch, lanes);
    record(batch);
  }
}

/// False for a file that changes under our hands: the next run sends it.
bool Adopter::hash_here(Candidate& candidate) {
  try {
    SourceFile file = source_.open(candidate.entry.path);
    const bool same = fingerprint_of(file.entry()) == fingerprint_of(candidate.entry);
    if (digest_) file.also_digest(*digest_);
    std::vector<std::byte> buffer(kPiece);
    while (file.read(buffer) > 0)
      if (context_.cancel.cancelled()) throw RemoteError(FailureClass::cancelled, "stopped on request");
    if (!same || !file.unchanged()) {
      differs(candidate.remote_name, "the source's file changed while it was compared");
      return false;
    }
    candidate.sha256 = file.digest();
    candidate.digest = file.other_digest();
    return true;
  } catch (const RemoteError&) {
    throw;
  } catch (const Error& error) {
    Problem problem;
    problem.job = job_.name;
    problem.path = printable(candidate.entry.path.bytes());
    problem.message = error.what();
    problem.advice = error.advice();
    context_.events.on(ProblemFound{std::move(problem)});
    differs(candidate.remote_name, "can't be compared, because the source can't be read");
    return false;
  }
}

void Adopter::ask_digests(std::vector<Candidate>& batch, Commands& commands) {
  std::vector<Command> questions;
  for (const Candidate& candidate : batch) questions.push_back(HashOf{candidate.remote_name});
  const std::vector<CommandResult> answers = commands.run(questions);
  std::vector<Candidate> same;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const CommandResult& answer = answers[i];
    const std::string ours = *digest_ == DigestKind::sha256 ? to_hex(batch[i].sha256) : batch[i].digest;
    if (answer.status == Status::done && answer.digest_kind == digest_ && answer.digest == ours)
      same.push_back(std::move(batch[i]));
    else
      differs(batch[i].remote_name,
              answer.status == Status::done
                  ? "has the same size, but other content"
                  : fmt::format("the server gives no digest of it: {}", answer.reply_text));
  }
  batch = std::move(same);
}

void Adopter::read_back(std::vector<Candidate>& batch, VerifyLanes& lanes) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    ReadCandidate wanted;
    wanted.object = ObjectId{static_cast<std::int64_t>(i)};
    wanted.size = batch[i].entry.size;
    lanes.crew().submit(
        std::make_unique<ReadTask>(ReadTask::Context{context_.events, context_.cancel, context_.throttle},
                                   wanted, batch[i].remote_name, batch[i].sha256));
  }
  std::vector<bool> same(batch.size());
  while (lanes.open() > 0)
    for (const std::unique_ptr<LaneTask>& task : lanes.wait()) {
      const auto& read = static_cast<const ReadTask&>(*task);
      if (read.failure && read.failure->failure() != FailureClass::skip_file)
        throw RemoteError(*read.failure);
      if (read.failure)
        differs(read.path, fmt::format("can't be read: {}", read.failure->what()));
      else if (!read.finding.empty())
        differs(read.path, "has the same size, but other content");
      else
        same[static_cast<std::size_t>(read.object.object)] = true;
    }
  std::vector<Candidate> kept;
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (same[i]) kept.push_back(std::move(batch[i]));
  batch = std::move(kept);
}

/// The object and its part exist for the length of the transaction only: publish() makes it live.
void Adopter::record(std::vector<Candidate>& batch) {
  for (const Candidate& candidate : batch) {
    ++report_.files;
    report_.bytes += candidate.entry.size;
  }
  context_.events.on(ScanProgress{report_.files, report_.directories, report_.bytes});
  if (context_.state == nullptr) return;
  State& state = *context_.state;
  Transaction transaction = state.begin();
  for (Candidate& candidate : batch) {
    Entry& entry = candidate.entry;
    if (const auto before = state.entry(id_, entry.path); before && before->object != kNoObject) continue;
    entry.object = state.begin_object(id_, run_, entry.path, candidate.remote_name, candidate.remote_name,
                                      fingerprint_of(entry));
    state.publish(id_, run_, entry.object, candidate.sha256, entry);
  }
  transaction.commit();
}

void Adopter::record_entries() {
  if (context_.state == nullptr || entries_.empty()) return;
  Transaction transaction = context_.state->begin();
  for (const Entry& entry : entries_) context_.state->record(id_, run_, entry);
  transaction.commit();
  entries_.clear();
}

void Adopter::differs(const RemotePath& path, std::string message) {
  ++report_.differing;
  find(Kind::differs, path, std::move(message));
}

void Adopter::find(Kind kind, const RemotePath& path, std::string message) {
  if (report_.findings.size() < JobAdoption::kMaxFindings)
    report_.findings.push_back({kind, path, std::move(message)});
}

}  // namespace outhaul
