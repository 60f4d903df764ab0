// What the display knows: events added up. A value without threads, clocks or terminals.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/events.h"
#include "report/pace.h"
#include "report/rate.h"

namespace outhaul {

struct LaneView {
  bool busy = false;
  bool shown = false;  ///< busy, or was busy within kLaneLingerSeconds
  std::string path;
  std::uint64_t size = 0, at = 0;  ///< bytes of the file, and how many of them the remote has
  double idle_seconds = 0;
  std::uint64_t fresh = 0;  ///< bytes since the last tick
  bool moved = false;       ///< bytes came before the last tick, too
};

/// A lane's last file stays on the screen for this long, so that lines don't come and go with every small
/// file.
inline constexpr double kLaneLingerSeconds = 1;

class ProgressModel {
 public:
  enum class Phase : std::uint8_t { idle, scanning, working, ended };

  void apply(const Event& event);
  /// `seconds` went by since the last tick.
  void tick(double seconds);

  Phase phase() const noexcept { return phase_; }
  const std::string& job() const noexcept { return job_; }
  const ScanProgress& scan() const noexcept { return scan_; }
  const std::vector<LaneView>& lanes() const noexcept { return lanes_; }
  std::uint64_t bytes_done()
      const noexcept;  ///< of the job's uploads, what was resumed and what is in flight included
  std::uint64_t bytes_total() const noexcept;  ///< never less than bytes_done()
  std::uint64_t files_done() const noexcept;   ///< uploads and comparisons that are recorded
  std::uint64_t files_total() const noexcept;
  std::uint64_t actions_done() const noexcept;
  std::uint64_t actions_total() const noexcept { return actions_total_; }
  bool restoring() const noexcept { return restoring_; }  ///< bytes come from the remote
  bool transferring() const noexcept;                     ///< files are still to be sent or compared
  ActionKind last_action() const noexcept { return last_action_; }
  std::uint64_t retries() const noexcept { return retries_; }    ///< of the whole run
  std::uint64_t problems() const noexcept { return problems_; }  ///< of the whole run; notes are none
  double bytes_per_second() const noexcept { return byte_rate_.per_second(); }
  /// Bytes and files are priced apart: see Pace.
  std::optional<double> eta_seconds() const noexcept;

 private:
  void on(const JobStarted& event);
  void on(const ScanProgress& event);
  void on(const PlanReady& event);
  void on(const TransferStarted& event);
  void on(const TransferProgress& event);
  void on(const TransferEnded& event);
  void on(const ActionDone& event);
  void on(const RetryScheduled&) { ++retries_; }
  void on(const ProblemFound& event);
  void on(const JobEnded& event);
  void on(const RestoreReady& event);
  void on(const EntryRestored& event);
  void on(const Notice&) {}
  LaneView* lane(int number);
  void look_at(LaneView& view);
  std::uint64_t done(ActionKind kind) const noexcept { return done_[static_cast<std::size_t>(kind)]; }

  Phase phase_ = Phase::idle;
  std::string job_;
  ScanProgress scan_;
  PlanCounts plan_;
  std::uint64_t actions_total_ = 0;
  std::array<std::uint64_t, kActionKinds> done_{};
  ActionKind last_action_ = ActionKind::upload;
  bool restoring_ = false;
  std::uint64_t settled_bytes_ = 0;  ///< of transfers that ended well
  std::vector<LaneView> lanes_;
  std::uint64_t retries_ = 0, problems_ = 0;
  /// Since the last tick: all that arrived, and what files that ended meanwhile had of it.
  std::uint64_t fresh_bytes_ = 0;
  PaceSample sample_;
  Rate byte_rate_;
  Pace pace_;
};

}  // namespace outhaul
