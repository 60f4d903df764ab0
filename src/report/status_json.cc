// `status` and `runs`: what the state remembers of earlier runs.
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_status(JsonWriter& json, const StatusReport& report) {
  json.begin_object();
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  json.member_bytes("state_dir", report.state_dir);
  json.member("healthy", report.healthy);
  json.member("verdict", report.verdict);
  json.member_unless_empty("advice", report.advice);
  json.member("running", report.running);
  json.member_unless_empty("holder", report.holder);
  json.member("consecutive_failures", report.failures);
  if (report.running) {
    json.member("stored_now", report.stored_now);
    json.member("stored_now_bytes", report.stored_now_bytes);
  }
  json.member("files", report.files);
  json.member("bytes", report.bytes);
  json.member("versions", report.versions);
  json.member("version_bytes", report.version_bytes);
  json.key("put_off");
  json.begin_array(true);
  for (const StatusReport::JobPutOff& one : report.put_off) write_put_off(json, one.put_off, one.job);
  json.end_array();
  json.member("parts", report.parts);
  json.member("doubts", report.doubts);
  if (report.last_run) {
    json.key("last_run");
    write_run_row(json, *report.last_run);
  }
  if (report.last_success) {
    json.key("last_success");
    write_run_row(json, *report.last_success);
  }
  json.end_object();
}

}  // namespace

std::string status_json(const std::vector<StatusReport>& reports) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/status/1");
  json.key("profiles");
  json.begin_array(true);
  for (const StatusReport& report : reports) write_status(json, report);
  json.end_array();
  json.end_object();
  return json.take();
}

std::string runs_json(const std::string& profile, const std::vector<RunRow>& rows) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/runs/1");
  json.member("profile", profile);
  json.key("runs");
  json.begin_array(true);
  for (const RunRow& row : rows) write_run_row(json, row);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
