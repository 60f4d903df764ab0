#include "job/job_report.h"

#include <algorithm>
#include <utility>

namespace outhaul {

const Problem* decisive_problem(const JobReport& job) {
  const auto grave = [](const Problem& problem) { return problem.severity == Problem::Severity::error; };
  if (job.outcome == ExitCode::incomplete) {
    const auto first = std::ranges::find_if(job.problems, grave);
    return first != job.problems.end() ? &*first : nullptr;
  }
  const auto last = std::find_if(job.problems.rbegin(), job.problems.rend(), grave);
  return last != job.problems.rend() ? &*last : nullptr;
}

JobReport joined(JobReport&& before, JobReport&& after) {
  after.outcome = worst_of(after.outcome, before.outcome);
  after.problem_count += before.problem_count;
  after.problems.insert(after.problems.begin(), before.problems.begin(), before.problems.end());
  after.refusals.insert(after.refusals.begin(), before.refusals.begin(), before.refusals.end());
  after.problems.resize(std::min(after.problems.size(), JobReport::kMaxProblems));
  add_to(after.done, before.done);
  after.unstored.insert(after.unstored.begin(), before.unstored.begin(), before.unstored.end());
  after.put_off.insert(after.put_off.begin(), before.put_off.begin(), before.put_off.end());
  return std::move(after);
}

}  // namespace outhaul
