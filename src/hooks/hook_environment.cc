#include "hooks/hook_environment.h"

#include <fmt/format.h>

#include <algorithm>

#include "outhaul/error.h"
#include "outhaul/paths.h"
#include "outhaul/shown.h"

namespace outhaul {

std::string_view to_string(HookMoment moment) noexcept {
  switch (moment) {
    case HookMoment::before:
      return "before";
    case HookMoment::after:
      return "after";
    case HookMoment::on_failure:
      return "on_failure";
  }
  return "?";
}

std::vector<std::string> hook_environment(HookMoment moment, const RunReport& run, const JobReport& job) {
  std::vector<std::string> variables;
  const auto say = [&](std::string_view name, std::string_view value) {
    variables.push_back(fmt::format("OUTHAUL_{}={}", name, printable(value)));
  };
  const auto count = [&](std::string_view name, std::uint64_t value) { say(name, fmt::format("{}", value)); };
  say("HOOK", to_string(moment));
  say("PROFILE", run.profile);
  say("REMOTE", run.remote);
  count("RUN", static_cast<std::uint64_t>(run.run));
  say("JOB", job.job);
  // A path is for programs to use: the bytes that it is.
  variables.push_back("OUTHAUL_SOURCE=" + job.source);
  say("TARGET", job.target);
  if (moment == HookMoment::before) return variables;
  say("OUTCOME", to_string(job.outcome));
  count("EXIT_CODE", static_cast<std::uint64_t>(job.outcome));
  count("FILES_UPLOADED", job.done.files_uploaded);
  count("BYTES_UPLOADED", job.done.bytes_uploaded);
  count("FILES_MOVED", job.done.moved);
  count("FILES_REMOVED", job.done.removed + job.done.retired);
  count("PROBLEMS", job.problem_count);
  const auto grave = std::ranges::find(job.problems, Problem::Severity::error, &Problem::severity);
  say("PROBLEM", grave == job.problems.end() ? std::string() : message_with_path(*grave));
  return variables;
}

}  // namespace outhaul
