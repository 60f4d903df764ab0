// The health of profiles as monitoring systems read it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "outhaul/report.h"

namespace outhaul {

/// The exit codes of a monitoring plugin (monitoring-plugins.org, "Plugin Return Codes").
enum class NagiosState : int { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// The worst of them: a run that was done but incomplete is a warning, any other ill health critical. Unknown
/// where there is no report.
NagiosState nagios_state(const std::vector<StatusReport>& reports);

/// One line, "OUTHAUL CRITICAL: web01: the newest run did not succeed | …", with performance data (age of the
/// last success, consecutive failures, files, bytes and versions of each profile); for several profiles a
/// line each behind it. No '|' but the one.
std::string nagios_text(const std::vector<StatusReport>& reports, NagiosState state, std::int64_t now_ns);

}  // namespace outhaul
