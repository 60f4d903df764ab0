// The health of profiles and the list of their runs, for people.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

std::string outcome_words(const RunRow& row) {
  if (row.outcome) {
    std::string words(to_string(*row.outcome));
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
  }
  return row.finished_ns ? "unknown" : "unfinished";
}

std::string run_sentence(const RunRow& row, std::int64_t now_ns) {
  std::string text =
      fmt::format("run {}, {} ({}): {}", static_cast<std::int64_t>(row.run),
                  format_age(now_ns - row.started_ns), format_time_local(row.started_ns), outcome_words(row));
  if (row.finished_ns) text += fmt::format(" after {}", format_duration(*row.finished_ns - row.started_ns));
  if (const std::string done = done_sentence(row.done); !done.empty()) text += "; " + done;
  if (row.problems != 0) text += fmt::format("; {}", counted(row.problems, "problem"));
  return text;
}

std::string line(std::string_view label, const std::string& value) {
  return value.empty() ? "" : fmt::format("  {:<13} {}\n", label, value);
}

std::string holdings(const StatusReport& report) {
  std::string text = fmt::format("{}, {}", counted(report.files, "file"), format_bytes(report.bytes));
  if (report.versions != 0)
    text += fmt::format("; {}, {}", counted(report.versions, "version"), format_bytes(report.version_bytes));
  if (report.parts != 0) text += fmt::format("; {} waiting to be resumed", counted(report.parts, "part"));
  if (report.doubts != 0) text += fmt::format("; {} in doubt", counted(report.doubts, "path"));
  return text;
}

std::string put_off_line(const StatusReport::JobPutOff& one) {
  const PutOff& put_off = one.put_off;
  std::string text = printable(one.job) + ": " + put_off_sentence(put_off);
  if (!put_off.approval.empty())
    text += fmt::format("; if the clock is right: `outhaul run PROFILE --approve {}`", put_off.approval);
  return line("put off", text);
}

std::string running_line(const StatusReport& report) {
  std::string text = report.holder.empty() ? "yes" : printable(report.holder);
  if (report.stored_now != 0)
    text += fmt::format("; {} ({}) stored so far", counted(report.stored_now, "file"),
                        format_bytes(report.stored_now_bytes));
  return text;
}

std::string one_status(const StatusReport& report, std::int64_t now_ns) {
  std::string text = fmt::format("{} {}: {}\n", report.healthy ? "healthy " : "UNHEALTHY",
                                 printable(report.profile), printable(report.verdict));
  text += line("what to do", shown_lines(report.advice, std::string(16, ' ')));
  text += line("remote", printable(report.remote));
  text += line("holds", holdings(report));
  for (const StatusReport::JobPutOff& one : report.put_off) text += put_off_line(one);
  if (report.running) text += line("running", running_line(report));
  const bool same =
      report.last_run && report.last_success && report.last_run->run == report.last_success->run;
  text += line("last success", report.last_success ? run_sentence(*report.last_success, now_ns) : "never");
  if (report.last_run && !same) {
    text += line("last run", run_sentence(*report.last_run, now_ns));
    text += line("", printable(report.last_run->message));
  }
  if (report.failures > 1) text += line("failures", fmt::format("{} runs in a row", report.failures));
  return text + line("state", printable(report.state_dir));
}

std::string verdict_on_all(const std::vector<StatusReport>& reports) {
  std::vector<std::string> unhealthy;
  for (const StatusReport& report : reports)
    if (!report.healthy) unhealthy.push_back(printable(report.profile));
  if (unhealthy.empty()) return fmt::format("All {} are healthy.\n", counted(reports.size(), "profile"));
  return fmt::format("{} of {} {} attention: {}.\n", unhealthy.size(), counted(reports.size(), "profile"),
                     unhealthy.size() == 1 ? "needs" : "need", joined(unhealthy, ", "));
}

/// "yes", "no", or how many of the jobs.
std::string restorable(const RunRow& row) {
  std::size_t kept = 0;
  for (const RunOfJob& job : row.jobs) kept += job.restorable ? 1 : 0;
  if (kept == 0) return "no";
  return kept == row.jobs.size() ? "yes" : fmt::format("{} of {}", kept, row.jobs.size());
}

std::string reasons_of(const RunRow& row) {
  std::string text;
  for (const RunOfJob& job : row.jobs)
    text += fmt::format("{:7}{}: {} ({})\n", "", printable(job.job),
                        job.restorable ? "restorable" : "not restorable", joined(job.reasons, ", "));
  return text;
}

std::string run_row(const RunRow& row) {
  const std::string time = row.finished_ns ? format_duration(*row.finished_ns - row.started_ns) : "-";
  std::string text = fmt::format("{:>5}  {:<25}  {:>12}  {:<15}  {:<7}  {:>9}  {:>9}  {:>7}  {:>7}  {:>8}\n",
                                 static_cast<std::int64_t>(row.run), format_time_local(row.started_ns), time,
                                 outcome_words(row), restorable(row), grouped(row.done.files_uploaded),
                                 format_bytes(row.done.bytes_sent), grouped(row.done.moved),
                                 grouped(row.done.removed + row.done.retired), grouped(row.problems));
  if (!row.message.empty())
    text += fmt::format("{:7}{}\n", "", shown_lines(row.message, std::string(7, ' ')));
  return text;
}

}  // namespace

std::string status_text(const std::vector<StatusReport>& reports) {
  return status_text(reports, SystemClock().now_ns());
}

std::string status_text(const std::vector<StatusReport>& reports, std::int64_t now_ns) {
  std::string text;
  for (const StatusReport& report : reports) {
    if (!text.empty()) text += '\n';
    text += one_status(report, now_ns);
  }
  if (reports.size() > 1) text += '\n' + verdict_on_all(reports);
  return text;
}

std::string runs_text(const std::vector<RunRow>& rows, bool reasons) {
  if (rows.empty()) return "no runs yet\n";
  std::string text =
      fmt::format("{:>5}  {:<25}  {:>12}  {:<15}  {:<7}  {:>9}  {:>9}  {:>7}  {:>7}  {:>8}\n", "run",
                  "started", "took", "outcome", "restore", "files", "sent", "moved", "removed", "problems");
  for (const RunRow& row : rows) text += run_row(row) + (reasons ? reasons_of(row) : "");
  return text;
}

}  // namespace outhaul
