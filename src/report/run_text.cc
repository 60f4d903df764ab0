// A run for people: one line per job, and a last line that a person at 03:00 understands.
#include <fmt/format.h>

#include <algorithm>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"
#include "report/width.h"

namespace outhaul {
namespace {

/// The outcome in words, and what to do about it when nothing more exact is known.
struct OutcomeWords {
  std::string_view headline, next;
};

OutcomeWords words_for(ExitCode code) {
  switch (code) {
    case ExitCode::done:
      return {"done", ""};
    case ExitCode::failed:
      return {"FAILED", "Mend what the errors above name, then run again: a run goes on where it stopped."};
    case ExitCode::usage:
      return {"NOT RUN", "Mend the command line or the profile; `outhaul check PROFILE` names every fault."};
    case ExitCode::incomplete:
      return {"INCOMPLETE",
              "Everything else is safe on the remote. Mend what the problems above name and run again."};
    case ExitCode::guard_refused:
      return {"REFUSED", ""};
    case ExitCode::remote_unusable:
      return {"REMOTE UNUSABLE",
              "Mend what the errors above name, or wait if it is the network; then run again."};
    case ExitCode::window_ended:
      return {"NOT FINISHED", "The window ended. Parts are kept: the next run goes on from there."};
    case ExitCode::locked:
      return {"NOT RUN", "Another run is at work on this profile. Wait for it to end."};
    case ExitCode::interrupted:
      return {"INTERRUPTED", "Parts are kept: run again and it goes on from there."};
    case ExitCode::terminated:
      return {"TERMINATED", "Parts are kept: run again and it goes on from there."};
  }
  return {"FAILED", ""};
}

std::string outcome_phrase(ExitCode code) {
  switch (code) {
    case ExitCode::done:
      return "";
    case ExitCode::failed:
      return "failed";
    case ExitCode::usage:
      return "not run";
    case ExitCode::incomplete:
      return "incomplete";
    case ExitCode::guard_refused:
      return "refused by a guard";
    case ExitCode::remote_unusable:
      return "the remote is unusable";
    case ExitCode::window_ended:
      return "the window ended with more to do";
    case ExitCode::locked:
      return "locked by another run";
    case ExitCode::interrupted:
      return "interrupted";
    case ExitCode::terminated:
      return "terminated";
  }
  return "failed";
}

std::string effort(const JobCounters& done) {
  std::vector<std::string> parts;
  if (done.resumed_bytes != 0) parts.push_back(fmt::format("{} resumed", format_bytes(done.resumed_bytes)));
  if (done.retries != 0) parts.push_back(counted(done.retries, "retry", "retries"));
  return joined(parts, ", ");
}

/// The refusals themselves were told as problems while the run went on; here it is enough to name the guards.
std::string outcome_of(const JobReport& job) {
  std::string words = outcome_phrase(job.outcome);
  std::vector<std::string> guards;
  for (const GuardRefusal& refusal : job.refusals) guards.emplace_back(to_string(refusal.guard));
  if (!guards.empty()) words += fmt::format(" ({})", joined(guards, ", "));
  return words;
}

std::string left_sentence(const Left& left) {
  if (left.files == 0) return {};
  return fmt::format("{} ({}) left to send", counted(left.files, "file"), format_bytes(left.bytes));
}

std::string facts(const JobReport& job) {
  std::vector<std::string> parts;
  if (const std::string words = outcome_of(job); !words.empty()) parts.push_back(words);
  if (const std::string sentence = done_sentence(job.done); !sentence.empty())
    parts.push_back(sentence);
  else if (job.outcome == ExitCode::done)
    parts.emplace_back("nothing to do");
  if (job.planned.unchanged != 0)
    parts.push_back(fmt::format("{} unchanged", grouped(job.planned.unchanged)));
  if (const std::string text = effort(job.done); !text.empty()) parts.push_back(text);
  if (const std::string text = left_sentence(job.left); !text.empty()) parts.push_back(text);
  if (job.problem_count != 0) parts.push_back(counted(job.problem_count, "problem"));
  return joined(parts, "; ");
}

std::size_t widest_name(const RunReport& report) {
  std::size_t widest = 0;
  for (const JobReport& job : report.jobs) widest = std::max(widest, display_width(printable(job.job)));
  return widest;
}

std::string job_line(const JobReport& job, std::size_t width) {
  return fmt::format("{}  {}\n", padded(printable(job.job), width), facts(job));
}

std::string elapsed(const RunReport& report) {
  const std::int64_t time = report.finished_ns - report.started_ns;
  return report.started_ns == 0 || time < 0 ? "" : fmt::format(" in {}", format_duration(time));
}

/// What the whole run did, in few words: files and bytes are what a person asks for first.
std::string achievement(const RunReport& report) {
  JobCounters done;
  std::uint64_t problems = 0;
  for (const JobReport& job : report.jobs) {
    add_to(done, job.done);
    problems += job.problem_count;
  }
  std::string what = done_sentence(done);
  if (what.empty() && done.bytes_sent != 0)
    what = fmt::format("sent {} of files that are not whole yet", format_bytes(done.bytes_sent));
  if (what.empty()) what = report.outcome == ExitCode::done ? "nothing to do" : "nothing was changed";
  std::vector<std::string> parts = {what + elapsed(report)};
  if (problems != 0) parts.push_back(counted(problems, "problem"));
  Left left;
  for (const JobReport& job : report.jobs) left = {left.files + job.left.files, left.bytes + job.left.bytes};
  if (const std::string text = left_sentence(left); !text.empty()) parts.push_back(text);
  if (!report.not_begun.empty())
    parts.push_back("not begun: " + shown_lines(joined(report.not_begun, ", "), "  "));
  return joined(parts, "; ");
}

std::string run_name(const RunReport& report) {
  const std::string profile = printable(report.profile);
  if (report.run == kNoRun) return profile;
  return fmt::format("{} run {}", profile, static_cast<std::int64_t>(report.run));
}

/// What these guards judge is the source, as a plan shows it; the others have seen the remote.
bool is_of_source(const GuardRefusal& refusal) {
  switch (refusal.guard) {
    case Guard::missing_source:
    case Guard::empty_source:
    case Guard::missing_marker:
    case Guard::mass_deletion:
    case Guard::mass_change:
    case Guard::other_mount:
      return true;
    default:
      return false;
  }
}

std::string_view after_a_refusal(const RunReport& report) {
  for (const JobReport& job : report.jobs)
    if (std::ranges::any_of(job.refusals, is_of_source))
      return "Look at the source first. If the refusal above is wrong, a plan shows what would be done, and "
             "the "
             "refusal how to approve it.";
  return "Look at what lies on the remote first. The refusal above says how to go on.";
}

std::string last_lines(const RunReport& report) {
  OutcomeWords words = words_for(report.outcome);
  if (report.outcome == ExitCode::guard_refused) words.next = after_a_refusal(report);
  std::string text = fmt::format("{}: {}: ", words.headline, run_name(report));
  if (!report.message.empty()) text += shown_lines(report.message, "  ") + "; ";
  text += achievement(report) + ".\n";
  const std::string_view next = report.advice.empty() ? words.next : std::string_view(report.advice);
  if (!next.empty()) text += fmt::format("  {}\n", shown_lines(next, "  "));
  return text;
}

}  // namespace

std::string run_text(const RunReport& report) {
  const std::size_t width = widest_name(report);
  std::string text;
  for (const JobReport& job : report.jobs) text += job_line(job, width);
  return text + last_lines(report);
}

}  // namespace outhaul
