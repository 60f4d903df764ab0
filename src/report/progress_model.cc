#include "report/progress_model.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace outhaul {
namespace {

/// Far above the profile's limit of connections; a number beyond it is a bug that must not cost memory here.
constexpr int kMaxLanes = 1024;

}  // namespace

void ProgressModel::apply(const Event& event) {
  std::visit([this](const auto& e) { on(e); }, event);
}

void ProgressModel::on(const JobStarted& event) {
  // Rates, retries and problems are of the run: they go on.
  ProgressModel fresh;
  fresh.phase_ = Phase::scanning;
  fresh.job_ = event.job;
  fresh.retries_ = retries_;
  fresh.problems_ = problems_;
  fresh.byte_rate_ = byte_rate_;
  fresh.pace_ = pace_;
  *this = std::move(fresh);
}

void ProgressModel::on(const ScanProgress& event) {
  scan_ = event;
  if (phase_ == Phase::idle) phase_ = Phase::scanning;
}

void ProgressModel::on(const PlanReady& event) {
  phase_ = Phase::working;
  if (event.plan == nullptr) return;
  plan_ = event.plan->counts;
  actions_total_ =
      event.plan->actions.size() - std::min<std::uint64_t>(plan_.withheld, event.plan->actions.size());
  // Time spent scanning says nothing about the network.
  byte_rate_ = {};
  pace_ = {};
  sample_ = {};
  fresh_bytes_ = 0;
}

LaneView* ProgressModel::lane(int number) {
  if (number < 0 || number >= kMaxLanes) return nullptr;
  const auto index = static_cast<std::size_t>(number);
  if (index >= lanes_.size()) lanes_.resize(index + 1);
  return &lanes_[index];
}

void ProgressModel::on(const TransferStarted& event) {
  LaneView* const view = lane(event.lane);
  if (view == nullptr) return;
  *view = {true, true, event.path, event.size, std::min(event.offset, event.size)};
}

void ProgressModel::on(const TransferProgress& event) {
  fresh_bytes_ += event.delta;
  LaneView* const view = lane(event.lane);
  if (view == nullptr || !view->busy) return;
  view->at = std::min(view->at + event.delta, view->size);
  view->fresh += event.delta;
}

void ProgressModel::on(const TransferEnded& event) {
  LaneView* const view = lane(event.lane);
  if (view == nullptr || !view->busy) return;
  view->busy = false;
  view->shown = event.ok;
  (view->moved ? sample_.moved_bytes : sample_.passing_bytes) += view->fresh;
  if (event.ok) settled_bytes_ += view->size;
  if (event.ok) view->at = view->size;
}

void ProgressModel::on(const ActionDone& event) {
  const auto kind = static_cast<std::size_t>(event.kind);
  if (kind >= done_.size()) return;
  ++done_[kind];
  last_action_ = event.kind;
  if (event.kind == ActionKind::upload || event.kind == ActionKind::compare) ++sample_.files;
}

/// Files that come are counted like files that go.
void ProgressModel::on(const RestoreReady& event) {
  Plan plan;
  plan.counts.uploads = event.files;
  plan.counts.upload_bytes = event.bytes;
  on(PlanReady{&plan});
  actions_total_ = event.steps;
  restoring_ = true;
}

void ProgressModel::on(const EntryRestored& event) {
  on(ActionDone{event.kind == EntryKind::file ? ActionKind::upload : ActionKind::record, event.path,
                event.bytes});
}

void ProgressModel::on(const ProblemFound& event) {
  if (event.problem.severity != Problem::Severity::note) ++problems_;
}

void ProgressModel::on(const JobEnded&) {
  phase_ = Phase::ended;
  lanes_.clear();
}

/// A file that is handed over whole before anybody looks a second time costs its round trips; what comes in
/// between costs bytes, also while they don't come.
void ProgressModel::look_at(LaneView& view) {
  if (!view.busy) return;
  const bool amid = view.at < view.size && (view.fresh > 0 || view.moved);
  if (!amid && !(view.moved && view.fresh > 0)) {
    ++sample_.waiting;
    return;
  }
  ++sample_.moving;
  sample_.moved_bytes += std::exchange(view.fresh, 0);
  view.moved = true;
}

void ProgressModel::tick(double seconds) {
  if (phase_ == Phase::working && seconds > 0) {
    byte_rate_ = advanced(byte_rate_, static_cast<double>(std::exchange(fresh_bytes_, 0)), seconds);
    for (LaneView& view : lanes_) look_at(view);
    sample_.seconds = seconds;
    pace_.advance(std::exchange(sample_, {}));
  }
  for (LaneView& view : lanes_) {
    view.idle_seconds = view.busy ? 0 : view.idle_seconds + seconds;
    view.shown = view.busy || (view.shown && view.idle_seconds < kLaneLingerSeconds);
  }
}

std::uint64_t ProgressModel::bytes_done() const noexcept {
  return std::accumulate(
      lanes_.begin(), lanes_.end(), settled_bytes_,
      [](std::uint64_t sum, const LaneView& view) { return sum + (view.busy ? view.at : 0); });
}

std::uint64_t ProgressModel::bytes_total() const noexcept {
  // A comparison that finds a difference becomes an upload that the plan did not count.
  return std::max(plan_.upload_bytes, std::accumulate(lanes_.begin(), lanes_.end(), settled_bytes_,
                                                      [](std::uint64_t sum, const LaneView& view) {
                                                        return sum + (view.busy ? view.size : 0);
                                                      }));
}

std::uint64_t ProgressModel::files_done() const noexcept {
  return done(ActionKind::upload) + done(ActionKind::compare);
}

std::uint64_t ProgressModel::files_total() const noexcept {
  return std::max(plan_.uploads + plan_.compares, files_done());
}

std::uint64_t ProgressModel::actions_done() const noexcept {
  return std::min(std::accumulate(done_.begin(), done_.end(), std::uint64_t{0}), actions_total_);
}

bool ProgressModel::transferring() const noexcept {
  const bool busy = std::any_of(lanes_.begin(), lanes_.end(), [](const LaneView& view) { return view.busy; });
  return busy || files_done() < plan_.uploads + plan_.compares;
}

std::optional<double> ProgressModel::eta_seconds() const noexcept {
  return pace_.seconds_left(files_total() - files_done(), bytes_total() - bytes_done());
}

}  // namespace outhaul
