#include "report/json_parts.h"

#include <fmt/format.h>

#include "report/format.h"

namespace outhaul {

void write_time(JsonWriter& json, std::string_view name, std::int64_t ns) {
  json.member(name, format_time_utc(ns));
  json.member(fmt::format("{}_ns", name), ns);
}

void write_outcome(JsonWriter& json, ExitCode code) {
  json.member("outcome", to_string(code));
  json.member("exit_code", std::int64_t{static_cast<int>(code)});
}

void write_counts(JsonWriter& json, const PlanCounts& counts) {
  json.begin_object();
  json.member("make_dirs", counts.make_dirs);
  json.member("uploads", counts.uploads);
  json.member("compares", counts.compares);
  json.member("moves", counts.moves);
  json.member("removes", counts.removes);
  json.member("remove_dirs", counts.remove_dirs);
  json.member("records", counts.records);
  json.member("forgets", counts.forgets);
  json.member("withheld", counts.withheld);
  json.member("retires", counts.retires);
  json.member("replaces", counts.replaces);
  json.member("upload_bytes", counts.upload_bytes);
  json.member("compare_bytes", counts.compare_bytes);
  json.member("remove_bytes", counts.remove_bytes);
  json.member("retire_bytes", counts.retire_bytes);
  json.member("scanned_files", counts.scanned_files);
  json.member("scanned_dirs", counts.scanned_dirs);
  json.member("scanned_symlinks", counts.scanned_symlinks);
  json.member("scanned_bytes", counts.scanned_bytes);
  json.member("unchanged", counts.unchanged);
  json.member("stored_files", counts.stored_files);
  json.end_object();
}

void write_counters(JsonWriter& json, const JobCounters& counters) {
  json.begin_object();
  json.member("files_uploaded", counters.files_uploaded);
  json.member("bytes_uploaded", counters.bytes_uploaded);
  json.member("bytes_sent", counters.bytes_sent);
  json.member("resumed_bytes", counters.resumed_bytes);
  json.member("dirs_made", counters.dirs_made);
  json.member("moved", counters.moved);
  json.member("removed", counters.removed);
  json.member("dirs_removed", counters.dirs_removed);
  json.member("recorded", counters.recorded);
  json.member("compared", counters.compared);
  json.member("kept", counters.kept);
  json.member("withheld", counters.withheld);
  json.member("retries", counters.retries);
  json.member("retired", counters.retired);
  json.member("superseded", counters.superseded);
  json.member("expired", counters.expired);
  json.member("expired_bytes", counters.expired_bytes);
  json.end_object();
}

void write_refusals(JsonWriter& json, const std::vector<GuardRefusal>& refusals) {
  json.begin_array();
  for (const GuardRefusal& refusal : refusals) {
    json.begin_object();
    json.member("guard", to_string(refusal.guard));
    json.member("message", refusal.message);
    json.member_unless_empty("advice", refusal.advice);
    json.member("approvable", refusal.approvable);
    json.end_object();
  }
  json.end_array();
}

void write_put_off(JsonWriter& json, const PutOff& put_off, std::string_view job) {
  json.begin_object();
  json.member_unless_empty("job", job);
  json.member("why", put_off.why == PutOff::Why::clock ? "clock" : "problems");
  json.key("runs");
  json.begin_array();
  for (const RunId run : put_off.runs) json.value(static_cast<std::int64_t>(run));
  json.end_array();
  json.member("versions", put_off.versions);
  json.member("bytes", put_off.bytes);
  json.member("since_run", static_cast<std::int64_t>(put_off.since));
  write_time(json, "since", put_off.since_ns);
  json.member("because", put_off.because);
  json.member_unless_empty("approve", put_off.approval);
  json.end_object();
}

void write_put_off(JsonWriter& json, const std::vector<PutOff>& all) {
  json.key("put_off");
  json.begin_array(true);
  for (const PutOff& put_off : all) write_put_off(json, put_off, {});
  json.end_array();
}

void write_problem(JsonWriter& json, const Problem& problem) {
  json.begin_object();
  json.member("severity", to_string(problem.severity));
  json.member_unless_empty("job", problem.job);
  json.member_unless_empty("path", problem.path);
  json.member("message", problem.message);
  json.member_unless_empty("advice", problem.advice);
  json.end_object();
}

namespace {

void write_jobs(JsonWriter& json, const std::vector<RunOfJob>& jobs) {
  json.key("jobs");
  json.begin_array();
  for (const RunOfJob& job : jobs) {
    json.begin_object();
    json.member("job", job.job);
    json.member("restorable", job.restorable);
    json.key("reasons");
    json.begin_array();
    for (const std::string& reason : job.reasons) json.value(reason);
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void write_run_row(JsonWriter& json, const RunRow& row) {
  json.begin_object();
  json.member("run", static_cast<std::int64_t>(row.run));
  write_time(json, "started", row.started_ns);
  if (row.finished_ns) {
    write_time(json, "finished", *row.finished_ns);
    json.member("duration_ns", *row.finished_ns - row.started_ns);
  }
  if (row.outcome) write_outcome(json, *row.outcome);
  json.key("done");
  write_counters(json, row.done);
  json.member("problems", row.problems);
  json.member_unless_empty("message", row.message);
  if (!row.jobs.empty()) write_jobs(json, row.jobs);
  json.end_object();
}

}  // namespace outhaul
