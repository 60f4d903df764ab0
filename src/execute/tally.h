// What happened to a job so far: counters, problems, the paths that failed. Job thread only.
#pragma once

#include <set>
#include <string>

#include "outhaul/events.h"
#include "outhaul/remote.h"
#include "outhaul/report.h"

namespace outhaul {

class Tally {
 public:
  Tally(JobReport& report, EventSink& events) : report_(report), events_(events) {}

  JobCounters& done() noexcept { return report_.done; }
  void did(ActionKind kind, const RelPath& path, std::uint64_t bytes = 0);
  /// A problem that makes the run incomplete; `path` is remembered as failed, which forbids deletions around
  /// it.
  void failed(const RelPath& path, std::string message, std::string advice = {});
  /// The same of a file (or directory) of the source that is not stored.
  void failed(const Entry& entry, const std::string& message, std::string advice = {});
  /// Not stored, as the plan had it already: for what comes after this run to know of. Deletions that it
  /// forbids are not in the plan.
  void not_stored(const Entry& entry, const std::string& reason);
  void problem(Problem::Severity severity, const RelPath& path, std::string message, std::string advice = {});
  /// A file was stored as it was read, and has changed meanwhile, as it may.
  void changed(const RelPath& path);
  /// Tells what there was of them, once all are done.
  void tell_changed();
  /// A copy could not be given the permissions that it should have; `reply`: the server's words, if any.
  void mode_not_set(const RelPath& path, const std::string& reply);
  /// Tells what there was of them, once all are done.
  void tell_modes();
  /// A file that is to be sent, and what of one lies in its part without being stored yet.
  void expect(std::uint64_t bytes) noexcept;
  void sent_in_part(std::uint64_t bytes) noexcept { in_parts_ += bytes; }
  /// Tells the report what of all that is not stored.
  void tell_what_is_left() noexcept;
  /// Like failed(), for what one message stands for already: remembered, not told.
  void doubt(const RelPath& path) { failed_.insert(path.bytes()); }
  void doubt(const Entry& entry, const std::string& reason);
  /// The whole job (or run) can't go on. The gravest one stays; a graver one is told as well.
  void stop(FailureClass failure, std::string message, std::string advice = {});

  bool stopped() const noexcept { return stop_ != FailureClass::none; }
  FailureClass stop_reason() const noexcept { return stop_; }
  /// A path at or below `dir` failed.
  bool failed_below(const RelPath& dir) const;
  /// `path` or one of its ancestors failed.
  bool failed_above(const RelPath& path) const;
  ExitCode outcome() const;

 private:
  JobReport& report_;
  EventSink& events_;
  std::set<std::string, std::less<>> failed_;
  FailureClass stop_ = FailureClass::none;
  Left expected_;
  std::uint64_t in_parts_ = 0;
  std::uint64_t changed_count_ = 0;
  std::string changed_names_;
  std::uint64_t modes_not_set_ = 0;
  std::string first_without_mode_, words_about_modes_;
};

}  // namespace outhaul
