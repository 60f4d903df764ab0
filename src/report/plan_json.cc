#include "report/format.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_action(JsonWriter& json, const Action& action) {
  const Entry& entry = action.entry;
  json.begin_object();
  json.member("action", to_string(action.kind));
  json.member("reason", to_string(action.reason));
  json.member_bytes("path", entry.path.bytes());
  if (action.kind == ActionKind::move) json.member_bytes("from", action.from.bytes());
  json.member("kind", to_string(entry.kind));
  if (entry.kind == EntryKind::file) json.member("size", entry.size);
  write_time(json, "mtime", entry.mtime_ns);
  if (entry.kind == EntryKind::symlink) json.member_bytes("link_target", entry.link_target);
  if (action.kind == ActionKind::upload) json.member("replaces", entry.object != kNoObject);
  if (action.after_removals) json.member("after_removals", true);
  json.end_object();
}

void write_problem(JsonWriter& json, const ScanProblem& problem) {
  json.begin_object();
  json.member("kind", to_string(problem.kind));
  json.member_bytes("path", problem.path.bytes());
  json.member("message", problem.message);
  json.end_object();
}

void write_plan(JsonWriter& json, const Plan& plan) {
  json.member("plan_id", plan.id);
  json.key("counts");
  write_counts(json, plan.counts);
  json.key("problems");
  json.begin_array(true);
  for (const ScanProblem& problem : plan.problems) write_problem(json, problem);
  json.end_array();
  json.key("actions");
  json.begin_array(true);
  for (const Action& action : plan.actions) write_action(json, action);
  json.end_array();
}

void write_retention(JsonWriter& json, const Retention& retention) {
  json.key("retention");
  json.begin_object();
  json.key("runs");
  json.begin_array(true);
  for (const RunVerdict& verdict : retention.runs) {
    json.begin_object();
    json.member("run", static_cast<std::int64_t>(verdict.run));
    json.member("kept", verdict.kept);
    json.key("reasons");
    json.begin_array();
    for (const std::string& reason : verdict.reasons) json.value(reason);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.member("expiring_versions", retention.garbage.objects);
  json.member("expiring_bytes", retention.garbage.bytes);
  json.member("kept_bytes", retention.kept_bytes);
  json.member("over_by", retention.over_by);
  write_put_off(json, retention.put_off);
  json.end_object();
}

void write_first(JsonWriter& json, const JobPlan& job) {
  json.key("before_uploads");
  json.begin_object();
  json.member("removals", job.removals_first);
  json.member("versions", job.versions_first);
  json.member("bytes", job.first_bytes);
  json.end_object();
}

}  // namespace

std::string plan_json(const std::string& profile, const std::vector<JobPlan>& plans) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/plan/1");
  json.member("profile", profile);
  json.key("jobs");
  json.begin_array(true);
  for (const JobPlan& job : plans) {
    json.begin_object();
    json.member("job", job.job);
    json.member_bytes("source", job.source);
    json.member("target", job.target);
    json.key("refusals");
    write_refusals(json, job.refusals);
    if (job.plan != nullptr) write_plan(json, *job.plan);
    if (job.retention != nullptr) write_retention(json, *job.retention);
    if (job.removals_first || job.versions_first) write_first(json, job);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
