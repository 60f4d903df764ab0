// What was taken over, for scripts.
#include "report/adopt.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_job(JsonWriter& json, const JobAdoption& job) {
  json.begin_object();
  json.member("job", job.job);
  json.member_bytes("source", job.source);
  json.member_bytes("target", job.target);
  json.member("files", job.files);
  json.member("bytes", job.bytes);
  json.member("directories", job.directories);
  json.member("missing", job.missing);
  json.member("differing", job.differing);
  json.member("foreign", job.foreign);
  json.member("deleted", job.deleted);
  json.key("refusals");
  write_refusals(json, job.refusals);
  json.key("problems");
  json.begin_array(true);
  for (const Problem& problem : job.problems) write_problem(json, problem);
  json.end_array();
  json.key("findings");
  json.begin_array(true);
  for (const AdoptFinding& finding : job.findings) {
    json.begin_object();
    json.member("kind", to_string(finding.kind));
    json.member_bytes("remote_name", finding.path.wire());
    json.member("message", finding.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string adopt_json(const AdoptReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/adopt/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  json.member("compare", to_string(report.compare));
  json.member("dry_run", report.dry_run);
  if (report.run != kNoRun) json.member("run", static_cast<std::int64_t>(report.run));
  write_time(json, "started", report.started_ns);
  write_time(json, "finished", report.finished_ns);
  write_outcome(json, report.outcome);
  json.member_unless_empty("taken_over_from", report.taken_over_from);
  json.member_unless_empty("message", report.message);
  json.member_unless_empty("advice", report.advice);
  json.key("jobs");
  json.begin_array(true);
  for (const JobAdoption& job : report.jobs) write_job(json, job);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
