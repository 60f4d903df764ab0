// Facts about runs that everyone who wants to know learns alike: terminal, JSON, log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outhaul/error.h"
#include "outhaul/guard.h"
#include "outhaul/plan.h"
#include "outhaul/put_off.h"
#include "outhaul/run_id.h"

namespace outhaul {

/// Something that did not go as it should. Never fatal by itself; counted, printed, reported.
struct Problem {
  enum class Severity : std::uint8_t {
    note,
    warning,
    error
  };  ///< error: makes the run incomplete (exit 3) or worse
  Severity severity = Severity::error;
  std::string job;
  std::string path;  ///< printable; empty when it isn't about one path
  std::string message;
  std::string advice;
};

struct JobCounters {
  std::uint64_t files_uploaded = 0, bytes_uploaded = 0, bytes_sent = 0 /* with what was sent again */,
                dirs_made = 0, moved = 0, removed = 0, dirs_removed = 0, recorded = 0, compared = 0, kept = 0,
                withheld = 0, retries = 0, resumed_bytes = 0;
  std::uint64_t retired = 0;     ///< files that left the source and whose copies are versions now
  std::uint64_t superseded = 0;  ///< replaced copies that are versions now
  std::uint64_t expired = 0, expired_bytes = 0;  ///< versions that retention let go
};
/// Adds `more` to `sum`, counter by counter.
void add_to(JobCounters& sum, const JobCounters& more) noexcept;

/// What a job that ended early had still to send.
struct Left {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  ///< without what lies in parts already
};

struct JobReport {
  std::string job, source, target;
  std::string plan_id;
  PlanCounts planned;
  JobCounters done;
  std::vector<GuardRefusal> refusals;
  std::vector<Problem> problems;  ///< at most kMaxProblems; problem_count has them all
  std::uint64_t problem_count = 0;
  ExitCode outcome = ExitCode::done;
  Left left;
  bool remote_lost = false;       ///< the remote itself is the trouble: no other job need try
  std::vector<PutOff> put_off{};  ///< what the policy lets go and this run didn't
  /// Files that the source has and the remote hasn't, as this run left them; `since` is not set. The first
  /// kMaxProblems; if there are more, one with an empty path and no size stands for them.
  std::vector<OpenProblem> unstored{};
  static constexpr std::size_t kMaxProblems = 1000;
};

struct RunReport {
  std::string profile, remote;
  RunId run = kNoRun;
  std::int64_t started_ns = 0, finished_ns = 0;
  std::vector<JobReport> jobs;
  ExitCode outcome = ExitCode::done;
  std::string message;  ///< why the run as a whole ended early; empty otherwise
  std::string advice;
  std::vector<std::string> not_begun{};  ///< jobs whose turn did not come
};

/// What became of a job's tree as a run left it.
struct RunOfJob {
  std::string job;
  bool restorable = false;
  std::vector<std::string> reasons;  ///< of the job's policy as it is now
};

/// One row of `outhaul runs`.
struct RunRow {
  RunId run = kNoRun;
  std::int64_t started_ns = 0;
  std::optional<std::int64_t> finished_ns;  ///< unset: crashed, or still going on
  std::optional<ExitCode> outcome;
  JobCounters done;
  std::uint64_t problems = 0;
  std::string message;
  std::vector<RunOfJob> jobs{};  ///< those that it carried out to their end
};

/// One stretch of time in which a path was the same, for `outhaul history`.
struct HistoryRow {
  Entry entry;  ///< entry.path: the name that it had then
  RunId from = kNoRun;
  std::int64_t from_ns = 0;  ///< when that run began
  std::optional<RunId> to;   ///< the first run whose tree doesn't have it so; unset: it still is
  std::optional<std::int64_t> to_ns;
  std::string where;  ///< "live", "version", "kept", "gone"; empty for what has no content on the remote
  std::string remote_name;  ///< wire form; empty when nothing is there
  std::string sha256;       ///< lower-case hex; empty when unknown
  bool restorable = false;
  RunId restore_run = kNoRun;  ///< the newest snapshot that has it so; kNoRun: none does
};

/// `outhaul history`.
struct HistoryReport {
  std::string profile, job;
  RelPath path;
  std::vector<HistoryRow> rows;  ///< newest first
};

/// `outhaul status`: one per profile.
struct StatusReport {
  std::string profile, remote, state_dir;
  bool healthy = false;
  std::string verdict;  ///< one sentence: why it is healthy or not
  std::string advice;
  std::optional<RunRow> last_run, last_success;
  bool running = false;
  std::string holder;  ///< who holds the lock, when running
  std::uint64_t stored_now = 0, stored_now_bytes = 0;  ///< files that the run that is going on has stored so far
  std::uint64_t failures = 0;  ///< runs that ended since the last success, none of them one
  std::uint64_t files = 0, bytes = 0, parts = 0, doubts = 0;
  std::uint64_t versions = 0, version_bytes = 0;  ///< what is kept beside the current trees
  struct JobPutOff {
    std::string job;
    PutOff put_off;
  };
  std::vector<JobPutOff> put_off{};  ///< what the policies let go and what stays all the same
};

/// One row of `outhaul ls`.
struct LsRow {
  std::string job;
  Entry entry;
  std::string remote_name;  ///< wire form; empty for directories and symlinks without an object
  std::string sha256;       ///< lower-case hex; empty when unknown
};

}  // namespace outhaul
