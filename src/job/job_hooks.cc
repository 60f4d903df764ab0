#include "job/job_hooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "hooks/hook.h"
#include "outhaul/events.h"
#include "outhaul/paths.h"

namespace outhaul {
namespace {

constexpr std::chrono::seconds kWhenStopped{20};

}  // namespace

std::optional<Problem> JobHooks::before(const JobReport& job) {
  std::optional<Problem> failed = run(HookMoment::before, hooks_.before, job, cancel_);
  failed_ahead_ = failed.has_value() || cancel_.cancelled();
  if (!failed || cancel_.cancelled()) return std::nullopt;  // the run's end says why
  failed->severity = Problem::Severity::error;
  failed->message += "; the job was not run";
  return failed;
}

std::vector<Problem> JobHooks::after(const JobReport& job) {
  std::vector<Problem> problems;
  // What ended the run doesn't end these, but what comes while they are at work does.
  const CancelToken never;
  const CancelToken& cancel = cancel_.cancelled() ? never : cancel_;
  if (is_failure(job.outcome))
    if (auto failed = run(HookMoment::on_failure, hooks_.on_failure, job, cancel))
      problems.push_back(*std::move(failed));
  if (!failed_ahead_)
    if (auto failed = run(HookMoment::after, hooks_.after, job, cancel))
      problems.push_back(*std::move(failed));
  return problems;
}

std::optional<Problem> JobHooks::run(HookMoment moment, const std::vector<std::string>& argv,
                                     const JobReport& job, const CancelToken& cancel) {
  if (argv.empty() || cancel.cancelled()) return std::nullopt;
  const std::string name = fmt::format("hook \"{}\"", to_string(moment));
  environment_.events.on(Notice{fmt::format("{}: {}: {}", job.job, name, printable(argv.front()))});
  // Whoever stopped the run waits: systemd a minute.
  const std::chrono::milliseconds limit =
      cancel_.cancelled() ? std::min<std::chrono::milliseconds>(hooks_.timeout, kWhenStopped) : hooks_.timeout;
  const HookResult result = run_hook(
      argv, hook_environment(moment, run_, job), {.run = limit}, cancel, [&](std::string_view line) {
        environment_.events.on(Notice{fmt::format("{}: {}: {}", job.job, name, line)});
      });
  if (result.done) return std::nullopt;
  std::string message = fmt::format("the {} ({}) {}", name, printable(argv.front()), result.failure);
  if (!result.said.empty()) message += ": " + result.said.back();
  return Problem{
      Problem::Severity::warning,
      job.job,
      {},
      std::move(message),
      "Run the command by hand, as the user who runs outhaul; --log-file has all that it printed."};
}

}  // namespace outhaul
