// Commands around a job.
#include "nightly.h"
#include "support/catch.h"
#include "support/process.h"

using namespace outhaul;
using namespace outhaul::test;

namespace {

/// Each hook leaves a line in a file, and what `script` does beside that comes after it.
struct Hooked : Nightly {
  std::filesystem::path log = source().parent_path() / "log";
  Hooked() { write("a", "one"); }
  std::vector<std::string> saying(const std::string& words, const std::string& script = "true") const {
    return {"sh", "-c", "echo " + words + " >>" + log.string() + "; " + script};
  }
  std::string said() const { return std::filesystem::exists(log) ? read_file(log) : std::string(); }
};

}  // namespace

TEST_CASE("hooks are run around the job and told of it") {
  Hooked night;
  Hooks& hooks = night.profile.jobs[0].hooks;
  hooks.before = night.saying("$OUTHAUL_HOOK $OUTHAUL_JOB", "echo two >" + (night.source() / "made").string());
  hooks.after = night.saying("$OUTHAUL_HOOK $OUTHAUL_OUTCOME $OUTHAUL_FILES_UPLOADED");
  hooks.on_failure = night.saying("$OUTHAUL_HOOK");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  CHECK(night.said() == "before " + night.profile.jobs[0].name + "\nafter done 2\n");
  CHECK(night.stored().at("t/made") == "two\n");
}

TEST_CASE("a job whose before hook fails is not run and the others are") {
  Hooked night;
  night.add_job("other").hooks.after = night.saying("$OUTHAUL_HOOK other");
  std::filesystem::create_directories(night.profile.jobs[1].source);
  Hooks& hooks = night.profile.jobs[0].hooks;
  hooks.before = night.saying("before", "echo no snapshot; exit 3");
  hooks.after = night.saying("after");
  hooks.on_failure = night.saying("$OUTHAUL_HOOK $OUTHAUL_OUTCOME");
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::failed);
  REQUIRE(report.jobs.size() == 2);
  CHECK(report.jobs[0].outcome == ExitCode::failed);
  CHECK(report.jobs[1].outcome == ExitCode::done);
  REQUIRE(report.jobs[0].problems.size() == 1);
  CHECK(report.jobs[0].problems[0].message ==
        "the hook \"before\" (sh) ended with exit code 3: no snapshot; the job was not run");
  CHECK(night.said() == "before\non_failure failed\nafter other\n");
  CHECK(night.stored().empty());
}

TEST_CASE("a failing hook behind a job is a warning and the backup is as good as it was") {
  Hooked night;
  night.profile.jobs[0].hooks.after = {"/nonexistent/hook"};
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::done);
  REQUIRE(report.jobs[0].problems.size() == 1);
  CHECK(report.jobs[0].problems[0].severity == Problem::Severity::warning);
  CHECK(night.stored().at("t/a") == "one");
}

TEST_CASE("a job that fails tells its failure hook and then the one behind it") {
  Hooked night;
  night.profile.jobs[0].source = "/nonexistent/source";
  Hooks& hooks = night.profile.jobs[0].hooks;
  hooks.on_failure = night.saying("$OUTHAUL_HOOK '$OUTHAUL_EXIT_CODE'");
  hooks.after = night.saying("$OUTHAUL_HOOK");
  const RunReport report = night.run();
  CHECK(report.outcome != ExitCode::done);
  CHECK(night.said().starts_with("on_failure "));
  CHECK(night.said().ends_with("after\n"));
}

TEST_CASE("a plan runs no hook") {
  Hooked night;
  night.profile.jobs[0].hooks.before = night.saying("before");
  CHECK(night.plan().size() == 1);
  CHECK(night.said().empty());
}

TEST_CASE("a hook that is too slow is stopped and named") {
  Hooked night;
  night.profile.jobs[0].hooks.before = {"sleep", "600"};
  night.profile.jobs[0].hooks.timeout = std::chrono::seconds(1);
  const RunReport report = night.run();
  CHECK(report.outcome == ExitCode::failed);
  CHECK(report.message.find("did not end within 1 s and was stopped") != std::string::npos);
}
