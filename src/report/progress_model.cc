#include "report/progress_model.h"

#include <algorithm>
#include <numeric>

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
  fresh.file_rate_ = file_rate_;
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
  byte_rate_ = file_rate_ = {};
  fresh_bytes_ = fresh_files_ = 0;
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
  *view = {true, true, event.path, event.size, std::min(event.offset, event.size), 0};
}

void ProgressModel::on(const TransferProgress& event) {
  fresh_bytes_ += event.delta;
  LaneView* const view = lane(event.lane);
  if (view != nullptr && view->busy) view->at = std::min(view->at + event.delta, view->size);
}

void ProgressModel::on(const TransferEnded& event) {
  LaneView* const view = lane(event.lane);
  if (view == nullptr || !view->busy) return;
  view->busy = false;
  view->shown = event.ok;
  if (event.ok) settled_bytes_ += view->size;
  if (event.ok) view->at = view->size;
}

void ProgressModel::on(const ActionDone& event) {
  const auto kind = static_cast<std::size_t>(event.kind);
  if (kind >= done_.size()) return;
  ++done_[kind];
  last_action_ = event.kind;
  if (event.kind == ActionKind::upload || event.kind == ActionKind::compare) ++fresh_files_;
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
  on(ActionDone{event.kind == EntryKind::file ? ActionKind::upload : ActionKind::record, event.path, event.bytes});
}

void ProgressModel::on(const ProblemFound& event) {
  if (event.problem.severity != Problem::Severity::note) ++problems_;
}

void ProgressModel::on(const JobEnded&) {
  phase_ = Phase::ended;
  lanes_.clear();
}

void ProgressModel::tick(double seconds) {
  if (phase_ == Phase::working && seconds > 0) {
    byte_rate_ = advanced(byte_rate_, static_cast<double>(fresh_bytes_), seconds);
    file_rate_ = advanced(file_rate_, static_cast<double>(fresh_files_), seconds);
    fresh_bytes_ = fresh_files_ = 0;
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
  const auto bytes = seconds_left(bytes_total() - bytes_done(), byte_rate_);
  const auto files = seconds_left(files_total() - files_done(), file_rate_);
  if (!bytes) return std::nullopt;
  // No file ended yet: the bytes are all that is known.
  return std::max(*bytes, files.value_or(*bytes));
}

}  // namespace outhaul
