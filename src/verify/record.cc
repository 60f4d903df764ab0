// The readings, and what becomes of what was found.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "verify/verifier.h"

namespace outhaul {
namespace {

using Kind = VerifyFinding::Kind;

/// Good readings are written down together: after so many, or after so long.
constexpr std::size_t kReadings = 200;
constexpr std::chrono::seconds kReadingsAge{5};

}  // namespace

void Verifier::read_back() {
  std::vector<JobId> ids;
  for (const VerifyJob& job : jobs_) ids.push_back(job.scope.id);
  if (options_.read.how == ReadChoice::How::nothing) return;
  const std::vector<ReadCandidate> chosen =
      to_read(context_.state.read_candidates(ids), options_.read, context_.clock.now_ns());
  for (const ReadCandidate& candidate : chosen) {
    ++report_.counts.to_read;
    report_.counts.to_read_bytes += candidate.size;
  }
  std::optional<Throttle> throttle;
  if (!context_.bandwidth.empty()) throttle.emplace(context_.bandwidth, context_.clock, context_.events);
  VerifyLanes lanes(crew_context());
  written_ = context_.clock.steady();
  const std::size_t at_a_time = 4 * static_cast<std::size_t>(std::max(1, context_.connections));
  for (auto next = chosen.begin(); (next != chosen.end() || lanes.open() > 0) && !stopped();) {
    if (next != chosen.end() && lanes.open() < at_a_time) {
      submit_reading(*next++, lanes.crew(), throttle ? &*throttle : nullptr);
      continue;
    }
    for (const std::unique_ptr<LaneTask>& task : lanes.wait())
      take_reading(static_cast<const ReadTask&>(*task));
    write_readings(false);
  }
  seen_.used = std::max(seen_.used, lanes.seen().used);
  seen_.refused |= lanes.seen().refused;
}

void Verifier::submit_reading(const ReadCandidate& candidate, Crew& crew, Throttle* throttle) {
  const auto id = static_cast<std::int64_t>(candidate.object);
  const std::optional<StoredObject> object = context_.state.object(candidate.object);
  if (!object || lost_.contains(id)) return;
  crew.submit(std::make_unique<ReadTask>(ReadTask::Context{context_.events, context_.cancel, throttle},
                                         candidate, object->remote_name, object->sha256));
}

void Verifier::take_reading(const ReadTask& task) {
  if (task.failure) {
    if (task.failure->failure() == FailureClass::cancelled) return;
    if (task.failure->failure() != FailureClass::skip_file) return stop_for(*task.failure);
    return find(Kind::unproven, task.path, task.object.job, !task.object.live,
                fmt::format("can't be read back: {}", task.failure->what()));
  }
  if (task.finding.empty()) {
    ++report_.counts.read;
    report_.counts.read_bytes += task.object.size;
    report_.counts.unhashed += task.sha256 ? 0 : 1;
    readings_.emplace_back(task.object.object, context_.clock.now_ns());
    return;
  }
  ++report_.counts.content_differs;
  find(Kind::content_differs, task.path, task.object.job, !task.object.live, task.finding);
  lost_.insert(static_cast<std::int64_t>(task.object.object));
  lost_files_ += task.object.live ? 1 : 0;
}

void Verifier::write_readings(bool all) {
  const bool due = readings_.size() >= kReadings || context_.clock.steady() - written_ >= kReadingsAge;
  if (readings_.empty() || !(all || due)) return;
  Transaction transaction = context_.state.begin();
  for (const auto& [object, when] : readings_) context_.state.set_read_back(object, when);
  transaction.commit();
  readings_.clear();
  written_ = context_.clock.steady();
}

/// Over what is lost, in the order of the objects: exactly this may be approved.
std::string Verifier::approval() const {
  std::vector<std::int64_t> ids(lost_.begin(), lost_.end());
  std::ranges::sort(ids);
  Sha256 hash;
  hash.update("outhaul verify");
  for (const std::int64_t id : ids) hash.update(fmt::format("\n{}", id));
  return to_hex(hash.finish()).substr(0, 12);
}

void Verifier::record() {
  if (!options_.record || (lost_.empty() && lost_dirs_.empty())) return;
  const std::string id = approval();
  if (const auto refusal = judge_loss(lost_files_, stored_, options_.safety, id, options_.approved)) {
    report_.approval = id;
    report_.refusals.push_back(*refusal);
    return;
  }
  State& state = context_.state;
  report_.run = state.begin_run(report_.started_ns);
  std::vector<ObjectId> lost;
  for (const std::int64_t object : lost_) lost.push_back(ObjectId{object});
  {
    Transaction transaction = state.begin();
    state.lose_objects(report_.run, lost);
    for (const auto& [job, path] : lost_dirs_) state.forget(job, report_.run, path);
    transaction.commit();
  }
  report_.recorded = lost.size();
  state.finish_run(report_.run, context_.clock.now_ns(), ExitCode::incomplete, {}, report_.finding_count,
                   fmt::format("verify: {} of the remote's files are missing or damaged", lost.size()));
}

void Verifier::conclude() {
  VerifyCounts& counts = report_.counts;
  counts.versions_lost = lost_.size() - lost_files_;
  if (counts.wrong() + counts.directories_missing + counts.unproven > 0)
    report_.outcome = worst_of(report_.outcome, ExitCode::incomplete);
  if (!report_.refusals.empty()) report_.outcome = worst_of(report_.outcome, ExitCode::guard_refused);
  if (context_.cancel.cancelled()) {
    report_.outcome = worst_of(report_.outcome, ExitCode::interrupted);
    report_.message = "stopped on request";
    report_.advice = listed_ ? "What was read back and right stays recorded."
                             : "The comparison was cut short: nothing was concluded from it.";
  }
  report_.finished_ns = context_.clock.now_ns();
}

}  // namespace outhaul
