// Golden text: what a person reads, letter by letter.
#include "report/text.h"

#include <fmt/format.h>

#include "samples.h"
#include "support/catch.h"

using namespace outhaul;
using namespace outhaul::samples;

TEST_CASE("a plan lists every action with its reason then the problems then the totals") {
  const Plan plan = everything_plan();
  CHECK(plan_text({job_plan(plan)}, 0) == R"(www: /srv/www → ftp://ftp.example.net/web01/www
  + mkdir               conf.d/  (new)
  ? compare   4.38 GiB  big.iso  (its size and time are the same but its inode or ctime changed)
  + upload    1.21 KiB  conf.d/new\x0Aline  (new)
  ~ update    34.1 KiB  index.html  (its modification time changed)
  → move      3.24 MiB  img/a.jpg → img/b.jpg  (moved or renamed in the source)
  = record              link -> ../elsewhere\xFF  (new)
  = keep          10 B  attic  (no longer in the source; the profile keeps the remote copy)
  - delete       512 B  latin\xE9.txt  (no longer in the source)
  - rmdir               old/  (no longer in the source)
  ! withheld      99 B  private/key  (gone as far as the scan could see, but it could not see enough)
  ! private/: Permission denied; what is below it is neither sent nor deleted
  ! odd\xFE: Input/output error; it is neither sent nor deleted
  ! run/sock: is a socket; skipped
  ! proc/: is another file system; not entered
  would upload 2 files (35.3 KiB), compare 1 file (4.38 GiB), move 1, delete 1 file (512 B), make 1 directory, remove 1 directory, record 2 in the state, withhold 1; 10,412 unchanged; 4 problems. Plan 3f9c2a51d07e.
)");
}

TEST_CASE("actions and problems past the limit are counted") {
  Plan plan = everything_plan();
  plan.actions.resize(3);
  plan.counts = {};
  plan.counts.make_dirs = 1;
  CHECK(plan_text({job_plan(plan)}, 2) == R"(www: /srv/www → ftp://ftp.example.net/web01/www
  + mkdir               conf.d/  (new)
  ? compare   4.38 GiB  big.iso  (its size and time are the same but its inode or ctime changed)
  … and 1 more action
  ! private/: Permission denied; what is below it is neither sent nor deleted
  ! odd\xFE: Input/output error; it is neither sent nor deleted
  … and 2 more problems
  would make 1 directory; 0 unchanged; 4 problems. Plan 3f9c2a51d07e.
)");
}

TEST_CASE("an empty plan says that there is nothing to do") {
  Plan plan;
  plan.counts.unchanged = 10'412;
  CHECK(plan_text({job_plan(plan)}, 0) == R"(www: /srv/www → ftp://ftp.example.net/web01/www
  nothing to do; 10,412 unchanged.
)");
}

TEST_CASE("several jobs end in one line for all and a refusal is said with its way out") {
  Plan plan;
  plan.id = "3f9c2a51d07e";
  plan.actions = {action(ActionKind::remove, Reason::removed, "a", EntryKind::file, 2048, ObjectId{1})};
  plan.counts.removes = 1;
  plan.counts.remove_bytes = 2048;
  plan.counts.unchanged = 200;
  JobPlan refused = job_plan(plan);
  refused.refusals = {refusal()};
  JobPlan lost{"db",
               "/srv/db",
               "",
               nullptr,
               {{Guard::missing_source, "/srv/db does not exist",
                 "Mount it, or mend \"source\" in the profile.", false}}};
  CHECK(plan_text({refused, lost}, 0) == R"(www: /srv/www → ftp://ftp.example.net/web01/www
  - delete       2 KiB  a  (no longer in the source)
  refused (mass_deletion): 800 of 1,000 files would be deleted; the limit is 50%
    Look at /srv/www first.
    If this is right: outhaul run PROFILE --approve 3f9c2a51d07e
  would delete 1 file (2 KiB); 200 unchanged. Plan 3f9c2a51d07e.

db: /srv/db → the remote's base directory
  refused (missing_source): /srv/db does not exist
    Mount it, or mend "source" in the profile.
  no plan could be made.

2 jobs: would delete 1 file (2 KiB); 200 unchanged. A guard refuses 2 jobs: a run would change nothing there.
)");
}

TEST_CASE("a run ends in one line that says it all") {
  CHECK(run_text(run_report(ExitCode::done)) ==
        R"(www           uploaded 12 files (3.4 MiB), moved 2, deleted 1; 10,412 unchanged
etc-of-web01  nothing to do; 1,200 unchanged
done: web01-nightly run 41: uploaded 12 files (3.4 MiB), moved 2, deleted 1 in 4 min 05 s.
)");
}

TEST_CASE("a run that found nothing to do says so") {
  RunReport report = run_report(ExitCode::done);
  report.jobs.erase(report.jobs.begin());
  report.finished_ns = report.started_ns + 350'000'000;
  CHECK(run_text(report) == R"(etc-of-web01  nothing to do; 1,200 unchanged
done: web01-nightly run 41: nothing to do in 350 ms.
)");
}

TEST_CASE("a run with problems says what is safe and what to do next") {
  RunReport report = run_report(ExitCode::incomplete);
  report.jobs[0].outcome = ExitCode::incomplete;
  report.jobs[0].problem_count = 3;
  report.jobs[0].done.retries = 1;
  report.jobs[0].done.resumed_bytes = 1 << 20;
  CHECK(
      run_text(report) ==
      R"(www           incomplete; uploaded 12 files (3.4 MiB), moved 2, deleted 1; 10,412 unchanged; 1 MiB resumed, 1 retry; 3 problems
etc-of-web01  nothing to do; 1,200 unchanged
INCOMPLETE: web01-nightly run 41: uploaded 12 files (3.4 MiB), moved 2, deleted 1 in 4 min 05 s; 3 problems.
  Everything else is safe on the remote. Mend what the problems above name and run again.
)");
}

TEST_CASE("a run that was refused for what lies on the remote doesn't send anybody to the source") {
  RunReport report = run_report(ExitCode::guard_refused);
  for (const Guard guard : {Guard::taken_names, Guard::foreign_remote, Guard::lost_mark, Guard::no_space}) {
    report.jobs[0].refusals = {{guard, "why", "what to do", true}};
    CHECK(run_text(report).find("Look at what lies on the remote first.") != std::string::npos);
    CHECK(run_text(report).find("source") == std::string::npos);
  }
}

TEST_CASE("a run that a guard refused names the guard and says what to do") {
  RunReport report = run_report(ExitCode::guard_refused);
  report.jobs.pop_back();
  report.jobs[0].done = {};
  report.jobs[0].outcome = ExitCode::guard_refused;
  report.jobs[0].refusals = {refusal()};
  report.jobs[0].problem_count = 1;
  CHECK(run_text(report) == R"(www  refused by a guard (mass_deletion); 10,412 unchanged; 1 problem
REFUSED: web01-nightly run 41: nothing was changed in 4 min 05 s; 1 problem.
  Look at the source first. If the refusal above is wrong, a plan shows what would be done, and the refusal how to approve it.
)");
}

TEST_CASE("a run that could not begin gives its own reason and advice") {
  RunReport report = run_report(ExitCode::remote_unusable);
  report.jobs.clear();
  report.run = kNoRun;
  report.message = "ftp.example.net: login refused (530 Login\x07 incorrect)";
  report.advice = "Check user and password in /etc/outhaul/web01.json.";
  CHECK(
      run_text(report) ==
      R"(REMOTE UNUSABLE: web01-nightly: ftp.example.net: login refused (530 Login\x07 incorrect); nothing was changed in 4 min 05 s.
  Check user and password in /etc/outhaul/web01.json.
)");
}

TEST_CASE("a run that ended early says how much is left and which jobs were not begun") {
  RunReport report = run_report(ExitCode::window_ended);
  report.message = "the window ended; there is more to do";
  report.jobs.resize(1);
  report.jobs[0].left = {12, 3'000'000'000};
  report.not_begun = {"www", "db"};
  const std::string text = run_text(report);
  INFO(text);
  CHECK(text.find("12 files (2.79 GiB) left to send") != std::string::npos);
  CHECK(text.find("not begun: www, db") != std::string::npos);
}

TEST_CASE("every outcome but done says what to do next") {
  for (const ExitCode code : {ExitCode::failed, ExitCode::usage, ExitCode::incomplete,
                              ExitCode::guard_refused, ExitCode::remote_unusable, ExitCode::window_ended,
                              ExitCode::locked, ExitCode::interrupted, ExitCode::terminated}) {
    RunReport report = run_report(code);
    report.jobs.clear();
    const std::string text = run_text(report);
    INFO(text);
    CHECK(std::isupper(static_cast<unsigned char>(text.front())) != 0);
    CHECK(text.find("\n  ") != std::string::npos);
  }
}

TEST_CASE("status says first whether the backup is healthy") {
  const Zone zone;
  StatusReport good;
  good.profile = "web01-nightly";
  good.remote = "ftp://ftp.example.net/web01";
  good.state_dir = "/var/lib/outhaul/web01-nightly";
  good.healthy = true;
  good.verdict = "the last run succeeded 3 h ago";
  good.last_run = good.last_success = run_row(41);
  good.files = 10'424;
  good.bytes = 3'600'000'000;
  StatusReport bad = good;
  bad.profile = "db";
  bad.healthy = false;
  bad.verdict = "no run has ever succeeded";
  bad.advice = "See why the last run failed, then run again.";
  bad.last_success.reset();
  bad.last_run->outcome = ExitCode::remote_unusable;
  bad.last_run->done = {};
  bad.last_run->problems = 1;
  bad.last_run->message = "ftp.example.net: connection refused";
  bad.parts = 2;
  bad.doubts = 1;
  bad.running = true;
  bad.holder = "pid 4711 on web01, since 03:00:00";
  CHECK(status_text({good, bad}, kStart + 3 * 3600 * kSecond) ==
        R"(healthy  web01-nightly: the last run succeeded 3 h ago
  remote        ftp://ftp.example.net/web01
  holds         10,424 files, 3.35 GiB
  last success  run 41, 3 h ago (2026-11-21 03:00:02 +0100): done after 4 min 05 s; uploaded 12 files (3.4 MiB), moved 2, deleted 1
  state         /var/lib/outhaul/web01-nightly

UNHEALTHY db: no run has ever succeeded
  what to do    See why the last run failed, then run again.
  remote        ftp://ftp.example.net/web01
  holds         10,424 files, 3.35 GiB; 2 parts waiting to be resumed; 1 path in doubt
  running       pid 4711 on web01, since 03:00:00
  last success  never
  last run      run 41, 3 h ago (2026-11-21 03:00:02 +0100): remote unusable after 4 min 05 s; 1 problem
                ftp.example.net: connection refused
  state         /var/lib/outhaul/web01-nightly

1 of 2 profiles needs attention: db.
)");
}

TEST_CASE("runs are a table") {
  const Zone zone;
  RunRow crashed = run_row(43);
  crashed.finished_ns.reset();
  crashed.outcome.reset();
  RunRow failed = run_row(42);
  failed.outcome = ExitCode::remote_unusable;
  failed.done = {};
  failed.done.bytes_sent = 1'500'000;  // of a file that isn't whole yet
  failed.problems = 1;
  failed.message = "ftp.example.net: connection refused";
  RunRow kept = run_row(41), half = run_row(40);
  kept.done.retired = 5;
  kept.jobs = {{"www", true, {"daily", "within 30d"}}};
  half.jobs = {{"www", true, {"monthly"}}, {"etc", false, {"let go by retention"}}};
  CHECK(
      runs_text({crashed, failed, kept, half}) ==
      R"(  run  started                            took  outcome          restore      files       sent    moved  removed  problems
   43  2026-11-21 03:00:02 +0100             -  unfinished       no              12   3.81 MiB        2        1         0
   42  2026-11-21 03:00:02 +0100    4 min 05 s  remote unusable  no               0   1.43 MiB        0        0         1
       ftp.example.net: connection refused
   41  2026-11-21 03:00:02 +0100    4 min 05 s  done             yes             12   3.81 MiB        2        6         0
   40  2026-11-21 03:00:02 +0100    4 min 05 s  done             1 of 2          12   3.81 MiB        2        1         0
)");
  const std::string reasons = runs_text({half}, true);
  CHECK(reasons.ends_with(
      "       www: restorable (monthly)\n       etc: not restorable (let go by retention)\n"));
  CHECK(runs_text({}) == "no runs yet\n");
}

TEST_CASE("a plan says what goes before the uploads to make room for them") {
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const Plan plan = everything_plan();
  JobPlan job = job_plan(plan);
  CHECK(plan_text({job}, 0).find("space:") == std::string::npos);
  job.first_bytes = 850 * 1024;
  job.removals_first = true;
  CHECK(has(plan_text({job}, 0),
            "  space: the uploads don't fit beside removals, so those go first (850 KiB).\n"));
  job.versions_first = true;
  CHECK(has(plan_text({job}, 0), "beside removals and versions that would be deleted after them, so"));
  job.removals_first = false;
  CHECK(has(plan_text({job}, 0), "beside versions that would be deleted after them, so"));
}

TEST_CASE("a plan says what becomes a version and what retention would let go") {
  Plan plan;
  plan.id = "3f9c2a51d07e";
  plan.actions = {action(ActionKind::retire, Reason::removed, "a", EntryKind::file, 2048, ObjectId{1})};
  plan.counts.retires = 1;
  plan.counts.retire_bytes = 2048;
  Retention retention;
  retention.runs = {{RunId{1}, false, {"no rule keeps it"}},
                    {RunId{2}, false, {"no rule keeps it"}},
                    {RunId{3}, true, {"newest"}}};
  retention.forgotten = {RunId{1}, RunId{2}};
  retention.garbage.objects = 12;
  retention.garbage.bytes = 4096;
  retention.kept_bytes = 1024;
  retention.over_by = 512;
  JobPlan job = job_plan(plan);
  job.retention = &retention;
  CHECK(plan_text({job}, 0) == R"(www: /srv/www → ftp://ftp.example.net/web01/www
  - retire       2 KiB  a  (no longer in the source; kept as a version)
  would keep as versions only 1 file (2 KiB); 0 unchanged. Plan 3f9c2a51d07e.
  versions: would let go of 2 runs (1, 2); 1 run stays restorable, this one included.
  versions: would delete 12 versions (4 KiB) that no other run needs; 1 KiB stay.
  ! versions: none of the older runs could be restored after that; is the policy meant so?
  ! versions: 512 B more than "max_bytes" would remain.
)");
}

TEST_CASE("the history of a path is a table with the way back") {
  const Zone zone;
  HistoryReport report{"web01", "www", RelPath::parse("b"), {}};
  HistoryRow now, renamed, lost;
  now.entry = action(ActionKind::upload, Reason::added, "b", EntryKind::file, 2048).entry;
  now.entry.mode = 0644;
  renamed = lost = now;
  now.from = RunId{17};
  now.from_ns = renamed.from_ns = lost.from_ns = kStart;
  now.where = "live";
  now.remote_name = "www/b";
  now.restorable = true;
  renamed.from = RunId{12};
  renamed.to = RunId{17};
  renamed.where = "version";
  renamed.remote_name = ".outhaul/versions/17/www/b";
  renamed.restorable = true;
  renamed.restore_run = RunId{16};
  lost.entry.path = RelPath::parse("a");
  lost.from = RunId{11};
  lost.to = RunId{12};
  lost.where = "gone";
  report.rows = {now, renamed, lost};
  CHECK(history_text(report) == R"(b (job www)
runs         since                      mode            size  modified                   restore    where
17-          2026-11-21 03:00:02 +0100  -rw-r--r--     2 KiB  2026-11-21 03:00:02 +0100  latest     live
12-16        2026-11-21 03:00:02 +0100  -rw-r--r--     2 KiB  2026-11-21 03:00:02 +0100  --at 16    version
             .outhaul/versions/17/www/b
11           2026-11-21 03:00:02 +0100  -rw-r--r--     2 KiB  2026-11-21 03:00:02 +0100  no         gone     as a
)");
}

TEST_CASE("contents are listed short or long") {
  const Zone zone;
  const Plan plan = everything_plan();
  LsRow dir{"www", plan.actions[0].entry, "", ""}, file{"www", plan.actions[2].entry, "", ""},
      link{"www", plan.actions[5].entry, "", ""};
  dir.entry.mode = 0755;
  file.entry.mode = 0640;
  file.entry.uid = 1000;
  file.entry.gid = 33;
  file.entry.group = "www-data";
  file.entry.links = 2;
  file.entry.xattrs = {{"user.a", "b"}};
  link.entry.mode = 0777;
  CHECK(ls_text({dir, file, link}, false) == "conf.d/\nconf.d/new\\x0Aline\nlink\n");
  CHECK(ls_text({dir, file, link}, true) ==
        R"(drwxr-xr-x    1        0        0            2026-11-21 03:00:02 +0100  conf.d/
-rw-r-----+   2     1000 www-data  1.21 KiB  2026-11-21 03:00:02 +0100  conf.d/new\x0Aline
lrwxrwxrwx    1        0        0            2026-11-21 03:00:02 +0100  link -> ../elsewhere\xFF
)");
  LsRow other = file;
  other.job = "etc";
  CHECK(ls_text({dir, other}, false) == "www:\nconf.d/\n\netc:\nconf.d/new\\x0Aline\n");
  CHECK(ls_text({}, true).empty());
  LsText listing(false, true);
  std::string text;
  for (const LsRow& row : {dir, file, other}) text += listing.row(row);
  CHECK(text == "www:\nconf.d/\nconf.d/new\\x0Aline\n\netc:\nconf.d/new\\x0Aline\n");
}

TEST_CASE("a problem names job and path and gives its advice below") {
  CHECK(problem_text(problem(), false) ==
        "error: www: private/key: Permission denied\n  Run outhaul as a user that may read it, or exclude "
        "it.\n");
  CHECK(problem_text({Problem::Severity::warning, "", "", "the clock went backwards", ""}, false) ==
        "warning: the clock went backwards\n");
  CHECK(problem_text({Problem::Severity::note, "www", "", "skipped", "one\ntwo"}, false) ==
        "note: www: skipped\n  one\n  two\n");
}

TEST_CASE("a path is never lost because its letters occur in the message") {
  for (const char* path : {"d", "a", "file", "is", "can't", "by", "1 s", ":", "a file"}) {
    INFO(path);
    const std::string text = problem_text(
        {Problem::Severity::error, "www", path, "can't be read: a file is held by 1 s: denied", ""}, false);
    CHECK(text == fmt::format("error: www: {}: can't be read: a file is held by 1 s: denied\n", path));
  }
  CHECK(problem_text({Problem::Severity::error, "www", "d", "can't read \"d\": denied", ""}, false) ==
        "error: www: can't read \"d\": denied\n");
  CHECK(problem_text({Problem::Severity::error, "www", "d", "can't read \"a/d\": denied", ""}, false) ==
        "error: www: d: can't read \"a/d\": denied\n");
}

TEST_CASE("a message that names its path already does not repeat it") {
  CHECK(problem_text({Problem::Severity::error, "www", "a/b", "a/b: 550 No such directory", ""}, false) ==
        "error: www: a/b: 550 No such directory\n");
}

TEST_CASE("colour marks the severity only") {
  CHECK(problem_text({Problem::Severity::error, "", "", "bad", ""}, true) == "\x1b[31merror:\x1b[0m bad\n");
  CHECK(problem_text({Problem::Severity::warning, "", "", "odd", ""}, true) ==
        "\x1b[33mwarning:\x1b[0m odd\n");
}

TEST_CASE("escape sequences in messages of others never reach the terminal") {
  const Problem hostile{Problem::Severity::error, "w\x1b[2J", "p\x07", "550 \x1b]0;owned\x07",
                        "do\x1b[31m this"};
  CHECK(problem_text(hostile, false) ==
        "error: w\\x1B[2J: p\\x07: 550 \\x1B]0;owned\\x07\n  do\\x1B[31m this\n");
}
