// What was taken over, for people.
#include <fmt/format.h>

#include "report/adopt.h"
#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

constexpr std::size_t kShown = 20;

std::string listed(const JobAdoption& job, AdoptFinding::Kind kind, std::uint64_t count) {
  std::string text;
  std::size_t shown = 0;
  for (const AdoptFinding& finding : job.findings) {
    if (finding.kind != kind || shown == kShown) continue;
    ++shown;
    text +=
        fmt::format("    {}: {}\n", printable(finding.path.wire()), shown_lines(finding.message, "      "));
  }
  if (count > shown)
    text += fmt::format("    and {} more (--json lists up to {} of a job)\n", grouped(count - shown),
                        grouped(JobAdoption::kMaxFindings));
  return text;
}

std::string job_lines(const JobAdoption& job, bool dry_run) {
  std::string text = fmt::format(
      "{}  {} {} ({}) and {}; {} the next run sends\n", printable(job.job),
      dry_run ? "would take over" : "took over", counted(job.files, "file"), format_bytes(job.bytes),
      counted(job.directories, "directory", "directories"), counted(job.missing + job.differing, "file"));
  if (job.differing != 0)
    text += fmt::format("  {} differently there:\n{}", counted(job.differing, "file is", "files are"),
                        listed(job, AdoptFinding::Kind::differs, job.differing));
  if (job.foreign != 0)
    text += fmt::format("  {} not in the source, and {}:\n{}", counted(job.foreign, "name is", "names are"),
                        job.deleted == 0
                            ? "left alone"
                            : fmt::format("{} deleted", counted(job.deleted, "file was", "files were")),
                        listed(job, AdoptFinding::Kind::foreign, job.foreign));
  for (const GuardRefusal& refusal : job.refusals)
    text += fmt::format("  refused ({}): {}\n    {}\n", to_string(refusal.guard),
                        shown_lines(refusal.message, "    "), shown_lines(refusal.advice, "    "));
  for (const Problem& problem : job.problems) {
    if (!problem.path.empty()) text += fmt::format("  {}: ", problem.path);
    text += fmt::format("{}{}\n    {}\n", problem.path.empty() ? "  " : "",
                        shown_lines(problem.message, "    "), shown_lines(problem.advice, "    "));
  }
  return text;
}

}  // namespace

std::string adopt_text(const AdoptReport& report) {
  std::string text;
  if (!report.taken_over_from.empty())
    text += fmt::format("The remote was taken over from {}.\n", shown_lines(report.taken_over_from, "  "));
  for (const JobAdoption& job : report.jobs) text += job_lines(job, report.dry_run);
  if (!report.message.empty()) {
    text += fmt::format("Not finished: {}\n", shown_lines(report.message, "  "));
    if (!report.advice.empty()) text += fmt::format("  {}\n", shown_lines(report.advice, "  "));
    if (!report.dry_run) text += "  What was taken over stays; `outhaul adopt` again goes on from there.\n";
  } else if (report.dry_run) {
    text += "Nothing was recorded: a dry run.\n";
  } else {
    text += "`outhaul plan` shows what the next run will do about the rest.\n";
  }
  return text;
}

}  // namespace outhaul
