// What the doctor found, for scripts.
#include <cmath>

#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_check(JsonWriter& json, const DoctorCheck& check) {
  json.begin_object();
  json.member("name", check.name);
  json.member("what", check.what);
  json.member("verdict", to_string(check.verdict));
  json.member_unless_empty("found", check.found);
  json.member_unless_empty("advice", check.advice);
  json.end_object();
}

/// Whole numbers: nothing here is known better than that.
void write_figure(JsonWriter& json, const char* name, const std::optional<double>& value, double factor) {
  if (value) json.member(name, static_cast<std::uint64_t>(std::llround(std::max(0.0, *value) * factor)));
}

void write_learned(JsonWriter& json, const ServerMemory& memory) {
  json.begin_object();
  for (const auto& [fact, value] : to_facts(memory)) json.member(fact, value);
  json.end_object();
}

}  // namespace

std::string doctor_json(const DoctorReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/doctor/1");
  json.member("profile", report.profile);
  json.member("remote", report.remote);
  write_outcome(json, report.outcome);
  write_figure(json, "login_us", report.login_ms, 1000);
  write_figure(json, "latency_us", report.latency_ms, 1000);
  write_figure(json, "up_bytes_per_s", report.up_bytes_per_s, 1);
  write_figure(json, "down_bytes_per_s", report.down_bytes_per_s, 1);
  write_figure(json, "small_files_per_minute", report.small_files_per_s, 60);
  json.key("learned");
  write_learned(json, report.memory);
  json.key("checks");
  json.begin_array(true);
  for (const DoctorCheck& check : report.checks) write_check(json, check);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
