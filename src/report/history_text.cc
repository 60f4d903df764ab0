// The versions of one path, for people.
#include <fmt/format.h>

#include "report/format.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string number(RunId run) {
  return std::to_string(static_cast<std::int64_t>(run));
}

/// "12", "12-16", "17-": the runs whose trees have it.
std::string span_of(const HistoryRow& row) {
  if (!row.to) return number(row.from) + "-";
  const auto last = static_cast<std::int64_t>(*row.to) - 1;
  return last == static_cast<std::int64_t>(row.from) ? number(row.from)
                                                     : fmt::format("{}-{}", number(row.from), last);
}

std::string restore_of(const HistoryRow& row) {
  if (!row.restorable) return "no";
  return row.to ? "--at " + number(row.restore_run) : "latest";
}

std::string line_of(const HistoryRow& row, const RelPath& path) {
  const Entry& entry = row.entry;
  std::string text = fmt::format("{:<11}  {:<25}  {} {:>9}  {:<25}  {:<9}  {:<7}", span_of(row),
                                 format_time_local(row.from_ns), format_mode(entry.kind, entry.mode),
                                 entry.kind == EntryKind::file ? format_bytes(entry.size) : "",
                                 format_time_local(entry.mtime_ns), restore_of(row), row.where);
  if (entry.path != path) text += fmt::format("  as {}", shown_path(entry.path, entry.kind));
  if (entry.kind == EntryKind::symlink) text += fmt::format("  -> {}", printable(entry.link_target));
  text.erase(text.find_last_not_of(' ') + 1);
  if (!row.remote_name.empty() && row.where != "live")
    text += fmt::format("\n{:13}{}", "", printable(row.remote_name));
  return text + '\n';
}

}  // namespace

std::string history_text(const HistoryReport& report) {
  std::string text = fmt::format("{} (job {})\n", shown_path(report.path), printable(report.job));
  text += fmt::format("{:<11}  {:<25}  {:<10} {:>9}  {:<25}  {:<9}  {}\n", "runs", "since", "mode", "size",
                      "modified", "restore", "where");
  for (const HistoryRow& row : report.rows) text += line_of(row, report.path);
  return text;
}

}  // namespace outhaul
