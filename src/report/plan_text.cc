// A plan for people: every action with its reason, what the scan could not see, what a guard refuses, the
// totals.
#include <fmt/format.h>

#include "report/format.h"
#include "report/sentences.h"
#include "report/text.h"

namespace outhaul {
namespace {

/// Where the job's copy lives, as a person would look for it.
std::string place_of(const JobPlan& job) {
  if (job.remote.empty()) return job.target.empty() ? "the remote's base directory" : printable(job.target);
  const bool joined = job.target.empty() || job.remote.ends_with('/');
  return printable(job.remote) + (joined ? "" : "/") + printable(job.target);
}

std::string what(const Action& action) {
  const Entry& entry = action.entry;
  std::string text = shown_path(entry.path, entry.kind);
  if (action.kind == ActionKind::move) text = fmt::format("{} → {}", shown_path(action.from), text);
  if (entry.kind == EntryKind::symlink && action.kind == ActionKind::record)
    text += fmt::format(" -> {}", printable(entry.link_target));
  return text;
}

std::string why(const Action& action) {
  std::string text(explain(action.reason));
  if (action.kind == ActionKind::retire) text += "; kept as a version";
  return text;
}

std::string action_line(const Action& action) {
  Verb verb = verb_for(action.kind, action.entry.object != kNoObject);
  if (action.reason == Reason::kept_by_policy) verb.planned = "keep";
  const std::string size = action.entry.kind == EntryKind::file ? format_bytes(action.entry.size) : "";
  return fmt::format("  {} {:<8} {:>9}  {}  ({})\n", verb.sign, verb.planned, size, what(action),
                     why(action));
}

std::string_view consequence(ScanProblem::Kind kind) {
  switch (kind) {
    case ScanProblem::Kind::unreadable_directory:
      return "what is below it is neither sent nor deleted";
    case ScanProblem::Kind::unreadable_entry:
      return "it is neither sent nor deleted";
    case ScanProblem::Kind::special:
      return "skipped";
    case ScanProblem::Kind::other_file_system:
      return "not entered";
    case ScanProblem::Kind::unreadable_xattr:
      return "stored without it";
  }
  return "skipped";
}

std::string problem_line(const ScanProblem& problem) {
  const bool directory = problem.kind == ScanProblem::Kind::unreadable_directory ||
                         problem.kind == ScanProblem::Kind::other_file_system;
  return fmt::format("  ! {}: {}; {}\n",
                     shown_path(problem.path, directory ? EntryKind::directory : EntryKind::file),
                     printable(problem.message), consequence(problem.kind));
}

/// Lines for the first `most` rows (0 = all), then one that counts the others.
template <typename Rows, typename Line>
std::string first_lines(const Rows& rows, std::size_t most, std::string_view row_name, Line line) {
  const std::size_t shown = most == 0 ? rows.size() : std::min(most, rows.size());
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += line(rows[i]);
  if (shown < rows.size()) text += fmt::format("  … and {}\n", counted(rows.size() - shown, row_name));
  return text;
}

std::string totals(const PlanCounts& counts, std::uint64_t problems) {
  std::string text = planned_sentence(counts);
  if (text.empty()) text = "nothing to do";
  text += fmt::format("; {} unchanged", grouped(counts.unchanged));
  if (problems != 0) text += fmt::format("; {}", counted(problems, "problem"));
  return text + '.';
}

std::string numbers(const std::vector<RunId>& runs) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  for (const RunId run : runs)
    if (shown.size() < kShown) shown.push_back(std::to_string(static_cast<std::int64_t>(run)));
  std::string text = joined(shown, ", ");
  if (runs.size() > kShown) text += fmt::format(" and {} more", runs.size() - kShown);
  return text;
}

/// What is replaced or removed by this plan comes on top of it.
std::string retention_text(const Retention& retention) {
  std::string text;
  if (!retention.forgotten.empty())
    text += fmt::format("  versions: would let go of {} ({}); {} stay{} restorable, this one included.\n",
                        counted(retention.forgotten.size(), "run"), numbers(retention.forgotten),
                        counted(retention.runs.size() - retention.forgotten.size(), "run"),
                        retention.forgotten.size() + 1 == retention.runs.size() ? "s" : "");
  if (retention.garbage.objects > 0)
    text += fmt::format("  versions: would delete {} ({}) that no other run needs; {} stay.\n",
                        counted(retention.garbage.objects, "version"), format_bytes(retention.garbage.bytes),
                        format_bytes(retention.kept_bytes));
  if (retention.forgets_all_older())
    text += "  ! versions: none of the older runs could be restored after that; is the policy meant so?\n";
  for (const PutOff& put_off : retention.put_off) {
    text += fmt::format("  ! versions: {}.\n", put_off_sentence(put_off));
    if (!put_off.approval.empty())
      text +=
          fmt::format("    If the clock is right: `outhaul run PROFILE --approve {}`.\n", put_off.approval);
  }
  if (retention.over_by > 0)
    text += fmt::format("  ! versions: {} more than \"max_bytes\" would remain.\n",
                        format_bytes(retention.over_by));
  return text;
}

std::string first_text(const JobPlan& job) {
  if (!job.removals_first && !job.versions_first) return {};
  const std::string_view what = !job.versions_first   ? "removals"
                                : !job.removals_first ? "versions that would be deleted after them"
                                                      : "removals and versions that would be deleted after them";
  return fmt::format("  space: the uploads don't fit beside {}, so those go first ({}).\n", what,
                     format_bytes(job.first_bytes));
}

std::string job_text(const JobPlan& job, std::size_t most) {
  std::string text = fmt::format("{}: {} → {}\n", printable(job.job), printable(job.source), place_of(job));
  if (job.plan != nullptr) {
    text += first_lines(job.plan->actions, most, "more action", action_line);
    text += first_lines(job.plan->problems, most, "more problem", problem_line);
  }
  for (const GuardRefusal& refusal : job.refusals) text += refusal_text(refusal, "  ");
  if (job.plan == nullptr) return text + "  no plan could be made.\n";
  text += "  " + totals(job.plan->counts, job.plan->problems.size());
  if (!job.plan->empty()) text += fmt::format(" Plan {}.", printable(job.plan->id));
  text += '\n';
  text += first_text(job);
  return job.retention == nullptr ? text : text + retention_text(*job.retention);
}

std::string last_line(const std::vector<JobPlan>& plans) {
  PlanCounts counts;
  std::uint64_t problems = 0;
  std::size_t refused = 0;
  for (const JobPlan& job : plans) {
    if (job.plan != nullptr) counts = sum(counts, job.plan->counts);
    if (job.plan != nullptr) problems += job.plan->problems.size();
    refused += job.refusals.empty() ? 0 : 1;
  }
  std::string text;
  if (plans.size() > 1) text += fmt::format("{}: {}", counted(plans.size(), "job"), totals(counts, problems));
  if (refused == 0) return text.empty() ? text : text + '\n';
  if (!text.empty()) text += ' ';
  return text + (plans.size() == 1 ? "A guard refuses this plan: a run would change nothing.\n"
                                   : fmt::format("A guard refuses {}: a run would change nothing there.\n",
                                                 counted(refused, "job")));
}

}  // namespace

std::string plan_text(const std::vector<JobPlan>& plans, std::size_t most) {
  std::string text;
  for (const JobPlan& job : plans) {
    if (!text.empty()) text += '\n';
    text += job_text(job, most);
  }
  const std::string last = last_line(plans);
  if (plans.size() > 1 && !last.empty()) text += '\n';
  return text + last;
}

}  // namespace outhaul
