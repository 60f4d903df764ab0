// Plans and reports with something of everything in them.
#pragma once

#include <string_view>

#include "outhaul/report.h"
#include "report/text.h"

namespace outhaul::samples {

inline constexpr std::int64_t kSecond = 1'000'000'000;
/// 2026-11-21 02:00:02 UTC.
inline constexpr std::int64_t kStart = 1'795'226'402 * kSecond;

/// Sets the time zone to UTC+1 while it lives: what is golden must not depend on the machine.
class Zone {
 public:
  Zone();
  ~Zone();
  Zone(const Zone&) = delete;

 private:
  bool had_ = false;
  std::string before_;
};

Action action(ActionKind kind, Reason reason, std::string_view path, EntryKind entry_kind = EntryKind::file,
              std::uint64_t size = 0, ObjectId object = kNoObject);
Plan everything_plan();  ///< each kind of action, each kind of problem, awkward names
JobPlan job_plan(const Plan& plan);
GuardRefusal refusal();
Problem problem();
JobCounters counters();
JobReport busy_job();
RunReport run_report(ExitCode outcome);
RunRow run_row(int number);

}  // namespace outhaul::samples
