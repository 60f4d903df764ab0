#include "hooks/hook_environment.h"

#include <algorithm>

#include "support/catch.h"

using namespace outhaul;

namespace {

RunReport nightly() {
  RunReport run;
  run.profile = "web01";
  run.remote = "ftp://ftp.example.net/web01";
  run.run = RunId{17};
  return run;
}

JobReport www() {
  JobReport job;
  job.job = "www";
  job.source = "/srv/with space\nand line";
  job.target = "www";
  job.outcome = ExitCode::incomplete;
  job.done.files_uploaded = 3;
  job.done.bytes_uploaded = 4096;
  job.done.removed = 1;
  job.done.retired = 2;
  job.problem_count = 2;
  job.problems = {{Problem::Severity::warning, "www", "a", "only so", {}},
                  {Problem::Severity::error, "www", "b", "can't be read\nat all", {}}};
  return job;
}

bool says(const std::vector<std::string>& variables, const std::string& one) {
  INFO(one);
  return std::ranges::find(variables, one) != variables.end();
}

}  // namespace

TEST_CASE("a hook ahead of the job is told where it belongs and nothing of what has not been done") {
  const std::vector<std::string> told = hook_environment(HookMoment::before, nightly(), www());
  CHECK(says(told, "OUTHAUL_HOOK=before"));
  CHECK(says(told, "OUTHAUL_PROFILE=web01"));
  CHECK(says(told, "OUTHAUL_REMOTE=ftp://ftp.example.net/web01"));
  CHECK(says(told, "OUTHAUL_RUN=17"));
  CHECK(says(told, "OUTHAUL_JOB=www"));
  CHECK(says(told, "OUTHAUL_TARGET=www"));
  CHECK(says(told, "OUTHAUL_SOURCE=/srv/with space\nand line"));
  CHECK(
      std::ranges::none_of(told, [](const std::string& one) { return one.starts_with("OUTHAUL_OUTCOME"); }));
}

TEST_CASE("a hook behind the job is told what came of it") {
  const std::vector<std::string> told = hook_environment(HookMoment::on_failure, nightly(), www());
  CHECK(says(told, "OUTHAUL_HOOK=on_failure"));
  CHECK(says(told, "OUTHAUL_OUTCOME=incomplete"));
  CHECK(says(told, "OUTHAUL_EXIT_CODE=3"));
  CHECK(says(told, "OUTHAUL_FILES_UPLOADED=3"));
  CHECK(says(told, "OUTHAUL_BYTES_UPLOADED=4096"));
  CHECK(says(told, "OUTHAUL_FILES_REMOVED=3"));
  CHECK(says(told, "OUTHAUL_PROBLEMS=2"));
  CHECK(says(told, "OUTHAUL_PROBLEM=b: can't be read\\x0Aat all"));
}

TEST_CASE("a job without a grave problem has none to tell") {
  JobReport job = www();
  job.problems.clear();
  CHECK(says(hook_environment(HookMoment::after, nightly(), job), "OUTHAUL_PROBLEM="));
}
