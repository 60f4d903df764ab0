#include <fmt/format.h>

#include "report/format.h"
#include "report/json.h"
#include "report/json_parts.h"

namespace outhaul {
namespace {

void write_row(JsonWriter& json, const HistoryRow& row) {
  const Entry& entry = row.entry;
  json.begin_object();
  json.member_bytes("path", entry.path.bytes());
  json.member("kind", to_string(entry.kind));
  json.member("from_run", static_cast<std::int64_t>(row.from));
  write_time(json, "from", row.from_ns);
  if (row.to) json.member("to_run", static_cast<std::int64_t>(*row.to));
  if (row.to_ns) write_time(json, "to", *row.to_ns);
  if (entry.kind == EntryKind::file) json.member("size", entry.size);
  write_time(json, "mtime", entry.mtime_ns);
  json.member("mode", fmt::format("{:04o}", entry.mode & 07777));
  if (entry.kind == EntryKind::symlink) json.member_bytes("link_target", entry.link_target);
  json.member_unless_empty("where", row.where);
  if (!row.remote_name.empty()) json.member_bytes("remote_name", row.remote_name);
  json.member_unless_empty("sha256", row.sha256);
  json.member("restorable", row.restorable);
  if (row.restore_run != kNoRun) json.member("restore_run", static_cast<std::int64_t>(row.restore_run));
  json.end_object();
}

}  // namespace

std::string history_json(const HistoryReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("schema", "outhaul/history/1");
  json.member("profile", report.profile);
  json.member("job", report.job);
  json.member_bytes("path", report.path.bytes());
  json.key("versions");
  json.begin_array(true);
  for (const HistoryRow& row : report.rows) write_row(json, row);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace outhaul
