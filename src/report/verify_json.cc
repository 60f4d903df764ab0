// What a verification found, for scripts.
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_verify_counts(JsonWriter& json, const VerifyCounts& counts) {
  json.begin_object();
  json.member("directories", counts.directories);
  json.member("files", counts.objects);
  json.member("bytes", counts.bytes);
  json.member("proven_by_listing", counts.listed);
  json.member("proven_by_size", counts.asked);
  json.member("to_read", counts.to_read);
  json.member("to_read_bytes", counts.to_read_bytes);
  json.member("read", counts.read);
  json.member("read_bytes", counts.read_bytes);
  json.member("read_without_sha256", counts.unhashed);
  json.member("missing", counts.missing);
  json.member("size_differs", counts.size_differs);
  json.member("content_differs", counts.content_differs);
  json.member("directories_missing", counts.directories_missing);
  json.member("versions_lost", counts.versions_lost);
  json.member("unproven", counts.unproven);
  json.member("foreign", counts.foreign);
  json.member("untrusted_listings", counts.untrusted);
  json.member("catalog_files", counts.catalog);
  json.member("catalog_wrong", counts.catalog_wrong);
  json.end_object();
}

void write_finding(JsonWriter& json, const VerifyFinding& finding) {
  json.begin_object();
  json.member("kind", to_string(finding.kind));
  json.member_unless_empty("job", finding.job);
  json.member_bytes("remote_name", finding.path.wire());
  if (finding.version) json.member("version", true);
  json.member_unless_empty("message", finding.message);
  json.end_object();
}

}  // namespace

std::string verify_json(const VerifyReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/verify/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  write_time(json, "started", report.started_ns);
  write_time(json, "finished", report.finished_ns);
  write_outcome(json, report.outcome);
  json.member_unless_empty("message", report.message);
  json.member_unless_empty("advice", report.advice);
  json.key("counts");
  write_verify_counts(json, report.counts);
  json.member("recorded", report.recorded);
  json.member_unless_empty("approval", report.approval);
  json.key("refusals");
  write_refusals(json, report.refusals);
  json.member("finding_count", report.finding_count);
  json.key("findings");
  json.begin_array(true);
  for (const VerifyFinding& finding : report.findings) write_finding(json, finding);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
