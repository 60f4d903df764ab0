#include "samples.h"

#include <cstdlib>
#include <ctime>

namespace outhaul::samples {

Zone::Zone() {
  if (const char* const zone = std::getenv("TZ"); zone != nullptr) {
    had_ = true;
    before_ = zone;
  }
  ::setenv("TZ", "XST-1", 1);
  ::tzset();
}

Zone::~Zone() {
  if (had_)
    ::setenv("TZ", before_.c_str(), 1);
  else
    ::unsetenv("TZ");
  ::tzset();
}

Action action(ActionKind kind, Reason reason, std::string_view path, EntryKind entry_kind, std::uint64_t size,
              ObjectId object) {
  Action action;
  action.kind = kind;
  action.reason = reason;
  action.entry.path = RelPath::parse(path);
  action.entry.kind = entry_kind;
  action.entry.size = size;
  action.entry.object = object;
  action.entry.mtime_ns = kStart;
  return action;
}

Plan everything_plan() {
  constexpr ObjectId object{7};
  Plan plan;
  plan.id = "3f9c2a51d07e";
  plan.actions = {
      action(ActionKind::make_dir, Reason::added, "conf.d", EntryKind::directory),
      action(ActionKind::compare, Reason::inode_or_ctime, "big.iso", EntryKind::file, 4'700'000'000, object),
      action(ActionKind::upload, Reason::added, "conf.d/new\nline", EntryKind::file, 1234),
      action(ActionKind::upload, Reason::mtime_changed, "index.html", EntryKind::file, 34'900, object),
      action(ActionKind::move, Reason::moved, "img/b.jpg", EntryKind::file, 3'400'000, object),
      action(ActionKind::record, Reason::added, "link", EntryKind::symlink),
      action(ActionKind::forget, Reason::kept_by_policy, "attic", EntryKind::file, 10, object),
      action(ActionKind::remove, Reason::removed, "latin\xE9.txt", EntryKind::file, 512, object),
      action(ActionKind::remove_dir, Reason::removed, "old", EntryKind::directory),
      action(ActionKind::withhold, Reason::under_doubt, "private/key", EntryKind::file, 99, object)};
  plan.actions[4].from = RelPath::parse("img/a.jpg");
  plan.actions[5].entry.link_target = "../elsewhere\xFF";
  plan.actions[3].after_removals = true;
  using Kind = ScanProblem::Kind;
  plan.problems = {{RelPath::parse("private"), Kind::unreadable_directory, "Permission denied"},
                   {RelPath::parse("odd\xFE"), Kind::unreadable_entry, "Input/output error"},
                   {RelPath::parse("run/sock"), Kind::special, "is a socket"},
                   {RelPath::parse("proc"), Kind::other_file_system, "is another file system"}};
  PlanCounts& counts = plan.counts;
  counts.make_dirs = counts.compares = counts.moves = counts.records = counts.forgets = counts.removes = 1;
  counts.remove_dirs = counts.withheld = 1;
  counts.uploads = 2;
  counts.upload_bytes = 36'134;
  counts.compare_bytes = 4'700'000'000;
  counts.remove_bytes = 512;
  counts.unchanged = 10'412;
  return plan;
}

JobPlan job_plan(const Plan& plan) {
  return {"www", "/srv/www", "ftp://ftp.example.net/web01/www", &plan, {}};
}

GuardRefusal refusal() {
  return {Guard::mass_deletion, "800 of 1,000 files would be deleted; the limit is 50%",
          "Look at /srv/www first.\nIf this is right: outhaul run PROFILE --approve 3f9c2a51d07e", true};
}

Problem problem() {
  return {Problem::Severity::error, "www", "private/key", "Permission denied",
          "Run outhaul as a user that may read it, or exclude it."};
}

JobCounters counters() {
  JobCounters done;
  done.files_uploaded = 12;
  done.bytes_uploaded = 3'565'158;
  done.bytes_sent = 4'000'000;
  done.moved = 2;
  done.removed = 1;
  return done;
}

JobReport busy_job() {
  JobReport job;
  job.job = "www";
  job.source = "/srv/www";
  job.target = "ftp://ftp.example.net/web01/www";
  job.plan_id = "3f9c2a51d07e";
  job.planned.unchanged = 10'412;
  job.done = counters();
  return job;
}

RunReport run_report(ExitCode outcome) {
  RunReport report;
  report.profile = "web01-nightly";
  report.remote = "ftp://ftp.example.net/web01";
  report.run = RunId{41};
  report.started_ns = kStart;
  report.finished_ns = kStart + 245 * kSecond;
  report.outcome = outcome;
  JobReport etc;
  etc.job = "etc-of-web01";
  etc.planned.unchanged = 1'200;
  report.jobs = {busy_job(), etc};
  return report;
}

RunRow run_row(int number) {
  RunRow row;
  row.run = RunId{number};
  row.started_ns = kStart;
  row.finished_ns = kStart + 245 * kSecond;
  row.outcome = ExitCode::done;
  row.done = counters();
  return row;
}

}  // namespace outhaul::samples
