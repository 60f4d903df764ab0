// The pieces that several documents share, as their schemas' $defs do.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "outhaul/report.h"
#include "report/json_writer.h"

namespace outhaul {

/// "NAME" as RFC 3339 and "NAME_ns" as an integer.
void write_time(JsonWriter& json, std::string_view name, std::int64_t ns);
void write_outcome(JsonWriter& json, ExitCode code);
void write_counts(JsonWriter& json, const PlanCounts& counts);
void write_counters(JsonWriter& json, const JobCounters& counters);
void write_refusals(JsonWriter& json, const std::vector<GuardRefusal>& refusals);
void write_problem(JsonWriter& json, const Problem& problem);
void write_put_off(JsonWriter& json, const std::vector<PutOff>& all);
void write_put_off(JsonWriter& json, const PutOff& put_off, std::string_view job);  ///< `job` may be empty
void write_run_row(JsonWriter& json, const RunRow& row);

}  // namespace outhaul
