#include "report/format.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_job(JsonWriter& json, const JobReport& job) {
  json.begin_object();
  json.member("job", job.job);
  json.member_bytes("source", job.source);
  json.member("target", job.target);
  write_outcome(json, job.outcome);
  json.member_unless_empty("plan_id", job.plan_id);
  json.key("planned");
  write_counts(json, job.planned);
  json.key("done");
  write_counters(json, job.done);
  json.key("left");
  json.begin_object();
  json.member("files", job.left.files);
  json.member("bytes", job.left.bytes);
  json.end_object();
  write_put_off(json, job.put_off);
  json.key("refusals");
  write_refusals(json, job.refusals);
  json.member("problem_count", job.problem_count);
  json.key("problems");
  json.begin_array(true);
  for (const Problem& problem : job.problems) write_problem(json, problem);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string run_json(const RunReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/run/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  if (report.run != kNoRun) json.member("run", static_cast<std::int64_t>(report.run));
  write_time(json, "started", report.started_ns);
  write_time(json, "finished", report.finished_ns);
  json.member("duration_ns", report.finished_ns - report.started_ns);
  write_outcome(json, report.outcome);
  json.member_unless_empty("message", report.message);
  json.member_unless_empty("advice", report.advice);
  json.key("jobs");
  json.begin_array(true);
  for (const JobReport& job : report.jobs) write_job(json, job);
  json.end_array();
  json.key("not_begun");
  json.begin_array();
  for (const std::string& job : report.not_begun) json.value(job);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
