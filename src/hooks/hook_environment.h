// What a hook is told, as environment variables. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outhaul/report.h"

namespace outhaul {

/// The moments at which hooks are run.
enum class HookMoment : std::uint8_t { before, after, on_failure };
std::string_view to_string(HookMoment) noexcept;  ///< "before", "after", "on_failure"

/// OUTHAUL_HOOK, OUTHAUL_PROFILE, OUTHAUL_REMOTE (without a login), OUTHAUL_RUN, OUTHAUL_JOB, OUTHAUL_SOURCE
/// and OUTHAUL_TARGET; behind the job also OUTHAUL_OUTCOME ("done", "incomplete", …), OUTHAUL_EXIT_CODE (what
/// it makes of the run's), OUTHAUL_FILES_UPLOADED, OUTHAUL_BYTES_UPLOADED, OUTHAUL_FILES_MOVED,
/// OUTHAUL_FILES_REMOVED (versions made of them are in it), OUTHAUL_PROBLEMS and OUTHAUL_PROBLEM, the first
/// grave one. No value holds a control byte.
std::vector<std::string> hook_environment(HookMoment moment, const RunReport& run, const JobReport& job);

}  // namespace outhaul
