#include "execute/room.h"

#include <fmt/format.h>

#include "execute/expiry.h"
#include "execute/removals.h"
#include "outhaul/counted.h"
#include "plan/certain_removals.h"

namespace outhaul {

std::uint64_t RoomMaker::make(const GoesFirst& first) {
  if (context_.cancel.cancelled()) return 0;
  std::uint64_t freed = context_.transfers.drop_unwanted_parts();
  if (first.removals) freed += remove_certain_ones();
  if (first.versions) freed += expire_versions();
  return freed;
}

std::vector<const Action*> RoomMaker::removals_left() const {
  std::vector<const Action*> left;
  for (const Action& action : context_.plan.actions)
    if (action.kind == ActionKind::remove && !action.after_removals &&
        !attempted_.contains(action.entry.object))
      left.push_back(&action);
  return left;
}

std::uint64_t RoomMaker::remove_certain_ones() {
  const JobContext job = context_.job();
  if (job.job.append_only) return 0;
  std::vector<const Action*> candidates;
  for (const Action* action : removals_left())
    if (action->entry.object != kNoObject &&
        !job.tally.failed_below(RelPath::trusted(std::string(action->entry.path.parent()))))
      candidates.push_back(action);
  std::vector<const Action*> unstored = context_.transfers.unstored();
  for (const Action* action : unstored_files_of(context_.plan))
    if (action->kind == ActionKind::withhold) unstored.push_back(action);
  const std::vector<const Action*> going = context_.certainty.certain(candidates, unstored);
  if (going.empty()) return 0;
  std::uint64_t bytes = 0;
  for (const Action* action : going) {
    attempted_.insert(action->entry.object);
    bytes += action->entry.size;
  }
  job.tally.problem(
      Problem::Severity::note, {},
      fmt::format("{} that left the source {} removed before the uploads, which don't fit beside {}: {}",
                  going.size() == 1 ? "a file" : fmt::format("{} files", going.size()),
                  going.size() == 1 ? "is" : "are", going.size() == 1 ? "it" : "them",
                  space_in_words(bytes)));
  const std::uint64_t before = job.tally.done().removed;
  Removals(job).remove_files(going);
  return job.tally.done().removed > before ? bytes : 0;
}

std::uint64_t RoomMaker::expire_versions() {
  if (expired_ || !context_.let_versions_go) return 0;
  const JobContext job = context_.job();
  if (job.tally.outcome() != ExitCode::done) return 0;  // a run in trouble is no time to delete
  expired_ = true;
  if (!context_.let_versions_go()) return 0;
  const std::uint64_t before = job.tally.done().expired_bytes;
  Expiry(job, job.state.open_problems(job.job_id)).run(context_.cancel);
  return job.tally.done().expired_bytes - before;
}

std::vector<const Action*> RoomMaker::without_doubt(const std::vector<const Action*>& leaving) {
  std::vector<const Action*> unstored = context_.transfers.misfits();
  const std::vector<const Action*>& too_large = context_.transfers.too_large();
  unstored.insert(unstored.end(), too_large.begin(), too_large.end());
  for (const Action& action : context_.plan.actions)
    if (action.kind == ActionKind::withhold && action.reason == Reason::too_large)
      unstored.push_back(&action);
  if (unstored.empty() || leaving.empty()) return leaving;
  std::vector<const Action*> certain = context_.certainty.certain(leaving, unstored);
  if (certain.size() == leaving.size()) return certain;
  Tally& tally = context_.job().tally;
  const std::set<const Action*> going(certain.begin(), certain.end());
  for (const Action* action : leaving) {
    if (going.contains(action)) continue;
    ++tally.done().withheld;
    tally.doubt(action->entry.path);  // nor does the directory go that it lies in
  }
  const std::size_t put_off = leaving.size() - certain.size();
  tally.problem(Problem::Severity::note, {},
                fmt::format("{} put off: what did not fit may be the same under a new name",
                            put_off == 1 ? "1 removal is" : counted(put_off, "removal") + " are"));
  return certain;
}

}  // namespace outhaul
