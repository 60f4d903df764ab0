#include "report/format.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_planned(JsonWriter& json, const RestorePlanned& plan) {
  json.begin_object();
  json.member("fetch_files", plan.fetch_files);
  json.member("fetch_bytes", plan.fetch_bytes);
  json.member("compare_files", plan.compare_files);
  json.member("compare_bytes", plan.compare_bytes);
  json.member("empty_files", plan.empty_files);
  json.member("links", plan.links);
  json.member("symlinks", plan.symlinks);
  json.member("make_dirs", plan.make_dirs);
  json.member("equal", plan.equal);
  json.member("replaces", plan.replaces);
  json.member("in_the_way", plan.in_the_way);
  json.member("unavailable", plan.unavailable);
  json.end_object();
}

void write_done(JsonWriter& json, const RestoreDone& done) {
  json.begin_object();
  json.member("files_fetched", done.files_fetched);
  json.member("bytes_fetched", done.bytes_fetched);
  json.member("bytes_received", done.bytes_received);
  json.member("resumed_bytes", done.resumed_bytes);
  json.member("files_equal", done.files_equal);
  json.member("bytes_equal", done.bytes_equal);
  json.member("empty_files", done.empty_files);
  json.member("links", done.links);
  json.member("symlinks", done.symlinks);
  json.member("dirs_made", done.dirs_made);
  json.member("metadata", done.metadata);
  json.member("retries", done.retries);
  json.end_object();
}

void write_job(JsonWriter& json, const RestoreJobReport& job) {
  json.begin_object();
  json.member("job", job.job);
  json.member_bytes("source", job.source);
  json.member_bytes("into", job.into);
  if (job.run != kNoRun) {
    json.member("run", static_cast<std::int64_t>(job.run));
    write_time(json, "run_started", job.run_started_ns);
  }
  write_outcome(json, job.outcome);
  json.key("planned");
  write_planned(json, job.planned);
  json.key("done");
  write_done(json, job.done);
  json.key("left");
  json.begin_object();
  json.member("files", job.left.files);
  json.member("bytes", job.left.bytes);
  json.end_object();
  json.member("problem_count", job.problem_count);
  json.key("problems");
  json.begin_array(true);
  for (const Problem& problem : job.problems) write_problem(json, problem);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string restore_json(const RestoreReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/restore/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  json.member_bytes("to", report.to);
  json.member("at", report.at);
  json.member("overwrite", to_string(report.overwrite));
  json.member("dry_run", report.dry_run);
  write_time(json, "started", report.started_ns);
  write_time(json, "finished", report.finished_ns);
  json.member("duration_ns", report.finished_ns - report.started_ns);
  write_outcome(json, report.outcome);
  json.member_unless_empty("message", report.message);
  json.member_unless_empty("advice", report.advice);
  json.key("jobs");
  json.begin_array(true);
  for (const RestoreJobReport& job : report.jobs) write_job(json, job);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
