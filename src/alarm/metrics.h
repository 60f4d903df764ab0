// A run and what is stored, as Prometheus' text format has it (exposition formats 0.0.4). Pure.
#pragma once

#include <optional>
#include <string>

#include "outhaul/report.h"

namespace outhaul {

/// One gauge per fact, each with the label profile. HELP and TYPE texts never change: node_exporter drops a
/// metric that has others in a second file. Without timestamps, and with a final line end, without which the
/// whole file is lost. `status`: as it is after the run; none: the state can't be asked. The time of the last
/// success is its fact, so that it survives failures.
std::string metrics_text(const RunReport& run, const std::optional<StatusReport>& status);

}  // namespace outhaul
