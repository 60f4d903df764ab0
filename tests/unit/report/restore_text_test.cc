#include "outhaul/restore.h"

#include "report/json.h"
#include "report/progress_model.h"
#include "report/text.h"
#include "support/catch.h"

using namespace outhaul;

namespace {

RestoreReport sample() {
  RestoreReport report;
  report.profile = "web01";
  report.to = "/srv/back";
  report.at = "17";
  report.started_ns = 1'000'000'000;
  report.finished_ns = 3'500'000'000;
  RestoreJobReport job;
  job.job = "www";
  job.source = "/srv/www";
  job.into = "/srv/back";
  job.run = RunId{17};
  job.run_started_ns = 1'700'000'000'000'000'000;
  job.planned.fetch_files = 3;
  job.planned.fetch_bytes = 3 << 20;
  job.planned.compare_files = 1;
  job.planned.compare_bytes = 7;
  job.planned.make_dirs = 2;
  job.done.files_fetched = 2;
  job.done.bytes_fetched = 2 << 20;
  job.done.links = 1;
  job.done.resumed_bytes = 1 << 20;
  job.done.files_equal = 1;
  job.done.bytes_equal = 7;
  report.jobs.push_back(job);
  return report;
}

bool has(const std::string& text, const std::string& piece) {
  INFO(text);
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("a restore that is done says what came back and of which run") {
  const std::string text = restore_text(sample());
  CHECK(has(text, "www  run 17 of 20"));
  CHECK(
      has(text,
          "to /srv/back: restored 2 files (2 MiB), 1 hard link, 1 file (7 B) here already; 1 MiB resumed\n"));
  CHECK(has(text, "done: web01: restored 2 files (2 MiB)"));
  CHECK(has(text, "in 2.5 s.\n"));
}

TEST_CASE("a restore that is not done says what is left and what to do") {
  RestoreReport report = sample();
  report.jobs[0].left = {1, 1 << 20};
  report.jobs[0].problem_count = 1;
  report.outcome = report.jobs[0].outcome = ExitCode::incomplete;
  const std::string incomplete = restore_text(report);
  CHECK(has(incomplete, "1 file (1 MiB) left to fetch; 1 problem\n"));
  CHECK(has(incomplete, "INCOMPLETE: web01: "));
  CHECK(has(incomplete, "everything else that was asked for is there."));
  report.outcome = ExitCode::interrupted;
  report.message = "stopped on request";
  report.advice = "Say it again.";
  CHECK(has(restore_text(report), "INTERRUPTED: web01: stopped on request; "));
  CHECK(has(restore_text(report), "  Say it again.\n"));
}

TEST_CASE("a dry run of a restore speaks of what would be") {
  RestoreReport report = sample();
  report.dry_run = true;
  report.jobs[0].run = kNoRun;
  const std::string text = restore_text(report);
  CHECK(has(text,
            "www  newest state to /srv/back: would fetch 3 files (3 MiB), compare 1 file (7 B) with what is "
            "here, make 2 directories"));
  CHECK(has(text, "would be done: web01: would fetch 3 files"));
}

TEST_CASE(
    "a restore for which there is no such run says what was asked for and not that it took the newest") {
  RestoreReport report = sample();
  report.at = "2";
  report.jobs[0].run = kNoRun;
  report.jobs[0].done = {};
  report.jobs[0].problem_count = 1;
  report.outcome = report.jobs[0].outcome = ExitCode::incomplete;
  CHECK(has(restore_text(report), "www  --at 2 to /srv/back: nothing was restored; 1 problem\n"));
}

TEST_CASE("the display counts what a restore fetches") {
  ProgressModel model;
  model.apply(JobStarted{"www", "www", "/srv/back"});
  model.apply(RestoreReady{2, 300, 5});
  CHECK(model.restoring());
  CHECK(model.transferring());
  CHECK(model.bytes_total() == 300);
  CHECK(model.actions_total() == 5);
  model.apply(TransferStarted{0, "a", 100, 50});
  model.apply(TransferProgress{0, 25});
  CHECK(model.bytes_done() == 75);
  model.apply(TransferEnded{0, true});
  model.apply(EntryRestored{EntryKind::file, "a", 100});
  model.apply(EntryRestored{EntryKind::directory, "d", 0});
  CHECK(model.files_done() == 1);
  CHECK(model.actions_done() == 2);
  CHECK(model.bytes_done() == 100);
}
