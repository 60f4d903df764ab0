// Carries a restore of one job out.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "lanes/connection_policy.h"
#include "lanes/throttle.h"
#include "outhaul/events.h"
#include "outhaul/restore.h"
#include "restore/fetch_pool.h"
#include "restore/restore_plan.h"

namespace outhaul {

/// Adds a problem of `report`'s job to it, and tells it.
void tell(RestoreJobReport& report, EventSink& events, Problem problem);

class Restorer {
 public:
  struct Context {
    Remote& remote;
    int lanes = 1;  ///< connections at most
    const Destination& to;
    Overwrite overwrite = Overwrite::never;
    MetadataPolicy metadata;
    RetryPolicy retry;
    ConnectionPolicy connections;
    Clock& clock;
    const CancelToken& cancel;
    EventSink& events;
    /// Where the content of a file lies by now: a run may be under way, and have moved it.
    std::function<RemoteCopy(const Entry&)> look_again;
    Throttle* throttle = nullptr;
  };
  /// Everything is borrowed. What happens is told to `report`, whose job's name is set already.
  Restorer(const Context& context, RestoreJobReport& report);

  /// Does what the plan says; its own problems were told. Every failure becomes a problem in the report; its
  /// outcome is then incomplete, remote_unusable (the remote is the trouble), failed (the disk here is), or
  /// interrupted.
  void run(RestorePlan& plan);
  /// Every file of what is left would meet the same trouble: no other job need try.
  bool is_lost() const noexcept { return stopped_; }

 private:
  using Indices = std::vector<std::size_t>;

  bool go_on() const noexcept { return !stopped_ && !context_.cancel.cancelled(); }
  void problem(Problem::Severity severity, const Entry* entry, std::string message, std::string advice = {});
  void stop(ExitCode outcome, const std::string& message, const std::string& advice);
  /// Runs `work` for one step, whose failure is its own, unless the disk is full.
  bool attempt(const RestoreStep& step, const std::function<void()>& work);
  void tell_notes(const Entry& entry, const std::vector<std::string>& notes);
  void tell_losses(const MetadataLosses& losses);
  void tell_unproven();
  bool is_below_failed(const Entry& entry) const;

  void make_dirs(const RestorePlan& plan);
  void make_small_things(const RestorePlan& plan);
  void make_empty_file(const RestoreStep& step);
  void make_symlink(const RestoreStep& step);
  void transfer(RestorePlan& plan, const Indices& which);
  void fetch(RestorePlan& plan, const Indices& which);
  bool take(RestorePlan& plan, FetchOutcome&& outcome);
  bool has_moved(RestoreStep& step, const FetchOutcome& outcome);
  bool is_hopeless();
  bool take_failure(const RestoreStep& step, const FetchOutcome& outcome);
  void link_names(RestorePlan& plan);
  bool link_to(const RestoreStep& step, const RestoreStep& leader);
  void finish_dirs(const RestorePlan& plan);
  bool may_finish(int dir, const RestoreStep& step);
  void restored(const RestoreStep& step, std::uint64_t bytes);
  void tell_what_is_left(const RestorePlan& plan);

  Context context_;
  RestoreJobReport& report_;
  CancelToken cancel_lanes_;
  MetadataWriter metadata_;
  std::vector<bool> settled_;  ///< by step: it is there, as it should be
  std::map<std::string, std::uint64_t> notes_;
  Indices moved_;  ///< to be fetched once more, under another name
  std::unordered_set<std::string> failed_dirs_;
  std::uint64_t unproven_ = 0;  ///< fetched, and their size is all that could be compared
  int failures_in_a_row_ = 0;
  bool stopped_ = false;
};

}  // namespace outhaul
