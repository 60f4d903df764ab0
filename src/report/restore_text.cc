// A restore for people: one line per job, and a last line that says whether everything came back.
#include <fmt/format.h>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"
#include "report/width.h"

namespace outhaul {
namespace {

class RestorePhrases {
 public:
  void add(std::uint64_t count, const std::string& text) {
    if (count != 0) parts_.push_back(text);
  }
  std::string text() const { return joined(parts_, ", "); }

 private:
  std::vector<std::string> parts_;
};

std::string files(std::uint64_t count, std::uint64_t bytes) {
  return fmt::format("{} ({})", counted(count, "file"), format_bytes(bytes));
}

std::string planned_words(const RestorePlanned& plan) {
  RestorePhrases phrases;
  phrases.add(plan.fetch_files, "fetch " + files(plan.fetch_files, plan.fetch_bytes));
  phrases.add(plan.compare_files,
              "compare " + files(plan.compare_files, plan.compare_bytes) + " with what is here");
  phrases.add(plan.empty_files, "make " + counted(plan.empty_files, "empty file"));
  phrases.add(plan.make_dirs, "make " + counted(plan.make_dirs, "directory", "directories"));
  phrases.add(plan.symlinks, "make " + counted(plan.symlinks, "symlink"));
  phrases.add(plan.links, "link " + counted(plan.links, "further name"));
  phrases.add(plan.replaces, fmt::format("of these replace {}", grouped(plan.replaces)));
  const std::string text = phrases.text();
  return text.empty() ? "nothing to restore" : "would " + text;
}

std::string done_words(const RestoreDone& done) {
  RestorePhrases phrases;
  phrases.add(done.files_fetched, "restored " + files(done.files_fetched, done.bytes_fetched));
  phrases.add(done.empty_files, counted(done.empty_files, "empty file"));
  phrases.add(done.dirs_made, counted(done.dirs_made, "directory", "directories"));
  phrases.add(done.symlinks, counted(done.symlinks, "symlink"));
  phrases.add(done.links, counted(done.links, "hard link"));
  phrases.add(done.files_equal, files(done.files_equal, done.bytes_equal) + " here already");
  phrases.add(done.metadata, fmt::format("{} of them with new metadata", grouped(done.metadata)));
  return phrases.text();
}

std::string effort(const RestoreDone& done) {
  RestorePhrases phrases;
  phrases.add(done.resumed_bytes, format_bytes(done.resumed_bytes) + " resumed");
  phrases.add(done.retries, counted(done.retries, "retry", "retries"));
  return phrases.text();
}

/// `at`: what was asked for, where nothing could be chosen by it; the problems say why.
std::string tree_of(const RestoreJobReport& job, const std::string& at) {
  if (job.run == kNoRun) return at.empty() || at == "latest" ? "newest state" : "--at " + printable(at);
  return fmt::format("run {} of {}", static_cast<std::int64_t>(job.run),
                     format_time_local(job.run_started_ns));
}

std::string job_line(const RestoreJobReport& job, const RestoreReport& report, std::size_t width) {
  std::vector<std::string> parts;
  parts.push_back(report.dry_run ? planned_words(job.planned) : done_words(job.done));
  const bool nothing = parts.back().empty();
  if (nothing) parts.back() = job.problem_count == 0 ? "nothing to restore" : "nothing was restored";
  if (const std::string text = effort(job.done); !text.empty()) parts.push_back(text);
  if (job.left.files != 0)
    parts.push_back(fmt::format("{} left to fetch", files(job.left.files, job.left.bytes)));
  if (job.problem_count != 0) parts.push_back(counted(job.problem_count, "problem"));
  return fmt::format("{}  {} to {}: {}\n", padded(printable(job.job), width),
                     tree_of(job, nothing ? report.at : ""), printable(job.into), joined(parts, "; "));
}

struct RestoreWords {
  std::string_view headline, next;
};

RestoreWords words_for(const RestoreReport& report) {
  switch (report.outcome) {
    case ExitCode::done:
      return {report.dry_run ? "would be done" : "done", ""};
    case ExitCode::incomplete:
      return {report.dry_run ? "WOULD BE INCOMPLETE" : "INCOMPLETE",
              "What is missing is named above, each with what to do; everything else that was asked for is "
              "there."};
    case ExitCode::remote_unusable:
      return {"REMOTE UNUSABLE",
              "Mend what the errors above name, or wait if it is the network; then restore again."};
    case ExitCode::interrupted:
      return {"INTERRUPTED", ""};
    case ExitCode::terminated:
      return {"TERMINATED", ""};
    default:
      return {"FAILED", "Mend what the errors above name, then restore again: it goes on where it stopped."};
  }
}

}  // namespace

std::string restore_text(const RestoreReport& report) {
  std::size_t width = 0;
  for (const RestoreJobReport& job : report.jobs) width = std::max(width, display_width(printable(job.job)));
  std::string text;
  RestoreDone done;
  RestorePlanned planned;
  std::uint64_t problems = 0;
  for (const RestoreJobReport& job : report.jobs) {
    text += job_line(job, report, width);
    add_to(done, job.done);
    add_to(planned, job.planned);
    problems += job.problem_count;
  }
  const RestoreWords words = words_for(report);
  std::string what = report.dry_run ? planned_words(planned) : done_words(done);
  if (what.empty()) what = report.outcome == ExitCode::done ? "nothing to restore" : "nothing was restored";
  if (!report.message.empty()) what = shown_lines(report.message, "  ") + "; " + what;
  if (!report.dry_run) what += fmt::format(" in {}", format_duration(report.finished_ns - report.started_ns));
  if (problems != 0) what += "; " + counted(problems, "problem");
  text += fmt::format("{}: {}: {}.\n", words.headline, printable(report.profile), what);
  const std::string_view next = report.advice.empty() ? words.next : std::string_view(report.advice);
  if (!next.empty()) text += fmt::format("  {}\n", shown_lines(next, "  "));
  return text;
}

}  // namespace outhaul
