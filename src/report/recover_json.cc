// What was recovered, for scripts.
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {

std::string recover_json(const RecoverReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/recover/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  json.member_bytes("state_dir", report.state_dir);
  write_outcome(json, report.outcome);
  json.member("run", static_cast<std::int64_t>(report.run));
  write_time(json, "run_started", report.run_started_ns);
  json.member("newest_run", static_cast<std::int64_t>(report.newest_run));
  if (report.newest_ns != 0) write_time(json, "newest", report.newest_ns);
  json.member("written_by", report.written_by);
  write_time(json, "written", report.written_ns);
  json.member("generation", report.generation);
  json.member("changes", report.changes);
  json.member("runs", report.runs);
  json.member("files", report.files);
  json.member("bytes", report.bytes);
  json.key("check");
  json.begin_object();
  json.member("complete", report.check.complete);
  json.member("objects", report.check.objects);
  json.member("proven", report.check.proven);
  json.member("wrong", report.check.wrong);
  json.member("unproven", report.check.unproven);
  json.member("foreign", report.check.foreign);
  json.end_object();
  json.key("problems");
  json.begin_array(true);
  for (const Problem& problem : report.problems) write_problem(json, problem);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
