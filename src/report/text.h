// Facts for people: plain text, as plan, status, runs and ls print it.
#pragma once

#include <string>
#include <vector>

#include "outhaul/doctor.h"
#include "outhaul/recover.h"
#include "outhaul/report.h"
#include "outhaul/restore.h"
#include "outhaul/verify.h"
#include "outhaul/versions.h"

namespace outhaul {

/// A job and its plan, for printing.
struct JobPlan {
  std::string job, source, target;
  const Plan* plan = nullptr;
  std::vector<GuardRefusal> refusals;
  std::string remote = {};  ///< the remote's URL, for people; may be empty
  /// With "versions": what the policy makes of what is stored now.
  const Retention* retention = nullptr;
  /// Removals and expiring versions go before the uploads, which don't fit beside them; of both: bytes.
  bool removals_first = false, versions_first = false;
  std::uint64_t first_bytes = 0;
};

/// "1.5 GiB", "312 B"; binary units, three significant digits.
std::string format_bytes(std::uint64_t bytes);
std::string format_duration(std::int64_t ns);    ///< "850 ms", "12.3 s", "4 min 05 s", "2 h 13 min"
std::string format_time_local(std::int64_t ns);  ///< "2026-11-21 03:00:02 +0100"
std::string format_age(std::int64_t ns);         ///< of a time that lies `ns` back: "3 h ago"

/// Every action with its reason, then the problems, then one summary line; actions past `most` are counted,
/// not listed (0 = all).
std::string plan_text(const std::vector<JobPlan>& plans, std::size_t most);
/// One line per job and the last line for the whole run; below it what to do next, unless all is done.
std::string run_text(const RunReport& report);
/// The same for a restore, or for what one would do.
std::string restore_text(const RestoreReport& report);
std::string status_text(const std::vector<StatusReport>& reports);
std::string status_text(const std::vector<StatusReport>& reports,
                        std::int64_t now_ns);  ///< ages as of `now_ns`
/// Every check with what follows from it, then the figures, then whether a run will work.
std::string doctor_text(const DoctorReport& report);
/// What is known again, where from, and what is not.
std::string recover_text(const RecoverReport& report);
/// What was proven and how, what is wrong, what is foreign, and what to do.
std::string verify_text(const VerifyReport& report);
/// `reasons`: below each run, job by job, why it stays restorable or not.
std::string runs_text(const std::vector<RunRow>& rows, bool reasons = false);
/// Every version of one path, newest first.
std::string history_text(const HistoryReport& report);
std::string ls_text(const std::vector<LsRow>& rows, bool long_form);
/// The same row by row, so that a million of them need no memory. With several jobs each gets its name as a
/// heading.
class LsText {
 public:
  LsText(bool long_form, bool several_jobs) : long_form_(long_form), several_jobs_(several_jobs) {}
  std::string row(const LsRow& row);

 private:
  bool long_form_, several_jobs_, first_ = true;
  std::string job_;
};
/// "error: …" with the advice indented below it; coloured when asked to.
std::string problem_text(const Problem& problem, bool colour);

}  // namespace outhaul
